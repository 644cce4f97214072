-- Only active members are told. Rows of one statement: five hundred breaches are one insert here and one there.
create function private.notify(notices private.notification[])
returns void
language plpgsql set search_path = ''
as $$
begin
  with wanted as materialized (
    select n.*, c.chosen_as, p.email as address, coalesce(f.in_app, true) as in_app, coalesce(f.email, true) as by_email
    from unnest(notices) n
    cross join lateral (select case when n.kind = any (private.notification_kinds()) then n.kind else 'system' end as chosen_as) c
    join public.memberships m on m.organization_id = n.organization_id and m.user_id = n.user_id and m.status = 'active'
    join public.profiles p on p.id = n.user_id
    left join public.notification_preferences f
      on f.organization_id = n.organization_id and f.user_id = n.user_id and f.kind = c.chosen_as
  ), told as (
    insert into public.notifications (organization_id, user_id, kind, title, body, data, event_key)
    select w.organization_id, w.user_id, w.kind, w.title, coalesce(w.body, ''), coalesce(w.data, '{}'), w.event_key
    from wanted w where w.in_app
    on conflict (organization_id, user_id, event_key) where event_key is not null do nothing
  )
  insert into public.emails (organization_id, user_id, lead_id, kind, to_address, data, event_key)
  select w.organization_id, w.user_id, w.lead_id, w.chosen_as, w.address,
    coalesce(w.data, '{}') || jsonb_build_object('title', w.title, 'body', coalesce(w.body, '')), w.event_key
  from wanted w where w.by_email and w.address <> ''
  on conflict on constraint emails_event do nothing;
end
$$;
comment on function private.notify is 'Tells people of events, in the application and by e-mail as each prefers, once per event.';
