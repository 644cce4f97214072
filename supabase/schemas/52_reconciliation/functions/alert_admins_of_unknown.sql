-- Lists messages that cannot be looked up because their sender is gone or its provider has refused lookups for days,
-- and alerts the admins to newly listed ones, once a day.
create function private.alert_admins_of_unknown()
returns void
language plpgsql set search_path = '' set enable_seqscan = off set jit = off
as $$
begin
  update public.messages m set unknown_at = now(), unknown_reason = 'no_account', updated_at = now()
  from private.status_lookups k
  where m.account_id is null and m.status = 'sent' and m.unknown_at is null and k.provider = m.provider
    and greatest(m.sent_at, m.lookup_until) < now() - k.ask_after;
  update public.messages m set unknown_at = now(), unknown_reason = 'unclear', updated_at = now()
  from private.lookup_pauses p
  where p.until > now() and m.account_id = p.account_id and m.status = 'sent' and m.unknown_at is null
    and greatest(m.sent_at, m.lookup_until) < now() - interval '4 days';
  perform private.notify(array_agg(row(n.organization_id, n.user_id, 'messages_unknown', n.today,
    case n.messages when 1 then 'The outcome of a message is unknown' else 'The outcome of ' || n.messages
      || ' messages is unknown' end,
    'The provider was asked and has no final status. You can find and resolve them in the list of messages.',
    jsonb_build_object('messages', n.messages), null)::private.notification))
  from (
    select s.organization_id, s.user_id, day.today, (
      select count(*) from public.messages m
      where m.organization_id = s.organization_id and (m.unknown_at is not null or m.held_at is not null)
        and m.unknown_at > coalesce((
          select max(t.created_at) from public.notifications t
          where t.organization_id = s.organization_id and t.user_id = s.user_id
            and t.event_key in (day.today, day.yesterday)), now() - interval '25 hours')) as messages
    from (
      select distinct m.organization_id from public.messages m
      where (m.unknown_at is not null or m.held_at is not null) and m.unknown_at > now() - interval '25 hours'
    ) o
    join public.memberships s on s.organization_id = o.organization_id and s.status = 'active'
    join public.roles r on r.id = s.role_id and r.organization_id is null and r.key = 'admin'
    cross join (
      select 'messages_unknown:' || current_date as today, 'messages_unknown:' || (current_date - 1) as yesterday
    ) day
  ) n
  where n.messages > 0;
end
$$;
