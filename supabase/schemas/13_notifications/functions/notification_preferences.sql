-- changes: [{ kind, in_app?, email? }], or null to change nothing; missing kinds and channels stay. Returns all kinds.
-- Security definer because nobody may write preferences directly.
create function private.save_notification_preferences(organization_id uuid, changes jsonb)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
begin
  perform private.require_scope(organization_id, 'notifications:read');
  if changes is not null then
    perform private.require_own_session();
  end if;
  insert into public.notification_preferences as f (organization_id, user_id, kind, in_app, email)
  select save_notification_preferences.organization_id, auth.uid(), c.kind,
    coalesce(c.in_app, private.is_in_app_by_default(c.kind)),
    coalesce(c.email, true)
  from jsonb_to_recordset(coalesce(changes, '[]')) as c (kind text, in_app boolean, email boolean)
  order by c.kind
  on conflict on constraint notification_preferences_once do update set
    in_app = coalesce((
      select c.in_app from jsonb_to_recordset(changes) as c (kind text, in_app boolean)
      where c.kind = f.kind), f.in_app),
    email = coalesce((
      select c.email from jsonb_to_recordset(changes) as c (kind text, email boolean)
      where c.kind = f.kind), f.email);
  return (
    select jsonb_agg(jsonb_build_object('kind', k.kind,
      'in_app', coalesce(f.in_app, private.is_in_app_by_default(k.kind)), 'email', coalesce(f.email, true))
      order by k.position)
    from unnest(private.notification_kinds()) with ordinality as k (kind, position)
    left join public.notification_preferences f
      on f.organization_id = save_notification_preferences.organization_id and f.user_id = auth.uid()
      and f.kind = k.kind);
end
$$;
grant execute on function private.save_notification_preferences(uuid, jsonb) to authenticated;

create function public.notification_preferences(organization_id uuid, changes jsonb default null)
returns jsonb
language sql set search_path = ''
as $$
  select private.save_notification_preferences(organization_id, changes)
$$;
comment on function public.notification_preferences is
  'How the caller gets each kind of notification, after applying changes: [{ kind, in_app?, email? }].';
grant execute on function public.notification_preferences(uuid, jsonb) to authenticated;
