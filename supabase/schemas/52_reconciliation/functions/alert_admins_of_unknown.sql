-- Lists an organization's messages that cannot be looked up because their sender is gone or its provider has refused
-- lookups for days, and alerts its admins to newly listed ones, once a day.
create function private.alert_admins_of_unknown_in(organization_id uuid)
returns void
language plpgsql set search_path = '' set enable_seqscan = off set jit = off
as $$
declare
  today constant text := 'messages_unknown:' || current_date;
  yesterday constant text := 'messages_unknown:' || (current_date - 1);
begin
  update public.messages m set unknown_at = now(), unknown_reason = 'no_account', updated_at = now()
  from private.status_lookups k
  where m.organization_id = alert_admins_of_unknown_in.organization_id and m.account_id is null and m.status = 'sent'
    and m.unknown_at is null and k.provider = m.provider and greatest(m.sent_at, m.lookup_until) < now() - k.ask_after;
  update public.messages m set unknown_at = now(), unknown_reason = 'unclear', updated_at = now()
  from private.lookup_pauses p
  where p.organization_id = alert_admins_of_unknown_in.organization_id and p.until > now()
    and m.account_id = p.account_id and m.status = 'sent' and m.unknown_at is null
    and greatest(m.sent_at, m.lookup_until) < now() - interval '4 days';
  perform private.notify(array_agg(row(n.organization_id, n.user_id, 'messages_unknown', today,
    case n.messages when 1 then 'The outcome of a message is unknown' else 'The outcome of ' || n.messages
      || ' messages is unknown' end,
    'The provider was asked and has no final status. You can find and resolve them in the list of messages.',
    jsonb_build_object('messages', n.messages), null)::private.notification))
  from (
    select s.organization_id, s.user_id, (
      select count(*) from public.messages m
      where m.organization_id = s.organization_id and (m.unknown_at is not null or m.held_at is not null)
        and m.unknown_at > coalesce((
          select max(t.created_at) from public.notifications t
          where t.organization_id = s.organization_id and t.user_id = s.user_id
            and t.event_key in (today, yesterday)), now() - interval '25 hours')) as messages
    from public.memberships s
    join public.roles r on r.id = s.role_id and r.organization_id is null and r.key = 'admin'
    where s.organization_id = alert_admins_of_unknown_in.organization_id and s.status = 'active'
  ) n
  where n.messages > 0;
end
$$;

-- The same for all organizations that may have such messages; one whose admins cannot be alerted stops no other.
create function private.alert_admins_of_unknown()
returns void
language plpgsql set search_path = '' set enable_seqscan = off set jit = off
as $$
declare
  tenant uuid;
begin
  for tenant in
    select m.organization_id from public.messages m join private.status_lookups k on k.provider = m.provider
    where m.account_id is null and m.status = 'sent' and m.unknown_at is null
      and greatest(m.sent_at, m.lookup_until) < now() - k.ask_after
    union
    select m.organization_id from private.lookup_pauses p join public.messages m on m.account_id = p.account_id
    where p.until > now() and m.status = 'sent' and m.unknown_at is null
      and greatest(m.sent_at, m.lookup_until) < now() - interval '4 days'
    union
    select m.organization_id from public.messages m
    where (m.unknown_at is not null or m.held_at is not null) and m.unknown_at > now() - interval '25 hours'
  loop
    begin
      perform private.alert_admins_of_unknown_in(tenant);
    exception
      when transaction_rollback or insufficient_resources or object_not_in_prerequisite_state then raise;
      when others then
        raise warning 'the admins of % were not alerted to unknown outcomes: %', tenant, sqlerrm;
    end;
  end loop;
end
$$;
