-- Canceled campaigns that still have pending targets.
create function private.campaigns_pending_cancellation()
returns setof uuid
language plpgsql stable set search_path = '' set enable_seqscan = off set jit = off
as $$
begin
  return query select c.id from public.campaigns c
  cross join lateral (
    select from public.campaign_targets t where t.campaign_id = c.id and t.status = 'pending' limit 1
  ) waiting
  where c.status = 'canceled' and c.finished_at > now() - interval '7 days';
end
$$;
