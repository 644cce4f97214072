-- One statement for all rows: five hundred breaches are one insert here and one into the outbox. Only active members
-- are notified.
create function private.notify(notifications private.notification[])
returns void
language plpgsql set search_path = ''
as $$
begin
  with recipients as materialized (
    select n.*, preference.kind as preference_kind, p.email as address,
      coalesce(f.in_app, private.is_in_app_by_default(preference.kind)) as in_app, coalesce(f.email, true) as by_email
    from unnest(notifications) n
    cross join lateral (
      select case when n.kind = any (private.notification_kinds()) then n.kind else 'system' end as kind
    ) preference
    join public.memberships m on m.organization_id = n.organization_id and m.user_id = n.user_id and m.status = 'active'
      and not m.is_service
    join public.profiles p on p.id = n.user_id
    left join public.notification_preferences f
      on f.organization_id = n.organization_id and f.user_id = n.user_id and f.kind = preference.kind
  ), in_app as (
    insert into public.notifications (organization_id, user_id, kind, title, body, data, event_key)
    select r.organization_id, r.user_id, r.kind, r.title, coalesce(r.body, ''), coalesce(r.data, '{}'), r.event_key
    from recipients r where r.in_app
    on conflict (organization_id, user_id, event_key) where event_key is not null do nothing
  )
  insert into public.emails (organization_id, user_id, lead_id, kind, to_address, data, event_key)
  select r.organization_id, r.user_id, r.lead_id, r.preference_kind, r.address,
    coalesce(r.data, '{}') || jsonb_build_object('title', r.title, 'body', coalesce(r.body, '')), r.event_key
  from recipients r where r.by_email and r.address <> ''
  on conflict on constraint emails_event do nothing;
end
$$;
comment on function private.notify is
  'Notifies people of events, in the application and by e-mail as each prefers, once per event.';
