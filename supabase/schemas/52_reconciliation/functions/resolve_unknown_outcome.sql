-- As shipped; besides, two messages in doubt cannot both take one candidate, price and parts are kept, answers to replies
-- are never repeated, and one that is held already is never sent again without a person's word.
create function private.resolve_unknown_outcome(message_id uuid, attempt integer, candidates jsonb)
returns text
language plpgsql security definer set search_path = ''
as $$
declare
  message public.messages;
  organization public.organizations;
  choice text;
  found_report jsonb;
begin
  perform pg_advisory_xact_lock(hashtextextended('settling messages in doubt', 0));
  select * into message from public.messages m where m.id = message_id for update;
  if message is null or message.status <> 'sending' or message.attempts <> attempt then
    return 'settled';
  end if;
  select c into found_report from jsonb_array_elements(candidates) c
  where not exists (
    select from public.messages m where m.provider_message_id = c ->> 'provider_message_id' and m.id <> message_id)
  limit 1;
  if found_report is not null then
    perform private.apply_report(message, found_report);
    return 'found';
  end if;
  if message.held_at is not null then
    return private.count_status_lookup(message, 'not_found');
  end if;
  select * into organization from public.organizations o where o.id = message.organization_id;
  choice := case when private.is_auto_reply(message.purpose) then 'hold'
    when message.category = 'marketing' then organization.unknown_outcome_marketing else organization.unknown_outcome_service end;
  if choice = 'resend' and message.attempts < 8 then
    update public.messages m set status = 'queued', send_after = now(), lookup_until = null, updated_at = now()
    where m.id = message_id;
    return 'resend';
  end if;
  perform private.hold_for_decision(message);
  return 'held';
end
$$;
grant execute on function private.resolve_unknown_outcome(uuid, integer, jsonb) to service_role;

create function public.resolve_unknown_outcome(message_id uuid, attempt integer, candidates jsonb default '[]')
returns text
language sql set search_path = ''
as $$
  select private.resolve_unknown_outcome(message_id, attempt, candidates)
$$;
comment on function public.resolve_unknown_outcome is 'Ends the doubt about a message: found, resend, held, or settled meanwhile.';
grant execute on function public.resolve_unknown_outcome(uuid, integer, jsonb) to service_role;
