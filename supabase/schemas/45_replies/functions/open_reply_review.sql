-- Asks a person whether a reply was an opt-out, unless the number is suppressed anyway. A number has one open review; a
-- further reply that needs review is added to it.
create function private.open_reply_review(message public.messages, rule_id uuid)
returns void
language plpgsql set search_path = ''
as $$
declare
  is_new boolean;
begin
  if exists (
    select from public.suppressions s
    where s.organization_id = message.organization_id and s.phone = message.from_number and s.lifted_at is null
      and s.scope = 'all')
  then
    return;
  end if;
  insert into public.reply_reviews as r (organization_id, phone, message_id, rule_id)
  values (message.organization_id, message.from_number, message.id, rule_id)
  on conflict (organization_id, phone) where status = 'open' do update set last_message_id = excluded.message_id
  returning r.last_message_id is null into is_new;
  if is_new then
    perform private.notify_admins(message.organization_id, 'doubtful_reply', 'A reply needs a decision',
      'Somebody may have opted out. Nothing is sent to the number until someone decides.',
      jsonb_build_object('message_id', message.id));
  end if;
end
$$;
