-- Closes the open reviews of a number, by a person's decision or by a clear reply. Messages and targets that waited are
-- due at once and are checked again when they are claimed. Those that are due are updated too: a claim under way, which
-- still knows of the review, is about to make them wait.
create function private.close_reply_reviews(organization_id uuid, phone text, status text, decided_by uuid default null)
returns void
language plpgsql set search_path = ''
as $$
begin
  update public.reply_reviews r
  set status = close_reply_reviews.status, decided_by = close_reply_reviews.decided_by, decided_at = now()
  where r.organization_id = close_reply_reviews.organization_id and r.phone = close_reply_reviews.phone
    and r.status = 'open';
  if found then
    update public.messages m set send_after = now(), wait_reason = null, updated_at = now()
    where m.organization_id = close_reply_reviews.organization_id and m.to_number = close_reply_reviews.phone
      and m.status = 'queued'
      and (m.wait_reason = 'review' or m.send_after <= now());
    update public.campaign_targets t set send_after = now(), updated_at = now()
    where t.campaign_id in (
        select c.id from public.campaigns c
        where c.organization_id = close_reply_reviews.organization_id and c.status in ('running', 'paused'))
      and t.phone = close_reply_reviews.phone and t.status = 'pending';
  end if;
end
$$;
