-- An organization as operators of the platform see it.
create function private.operated_organization_json(organization public.organizations)
returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object('id', organization.id, 'name', organization.name, 'country', organization.country,
    'standing', organization.standing, 'standing_reason', organization.standing_reason,
    'standing_changed_at', organization.standing_changed_at, 'standing_changed_by', organization.standing_changed_by,
    'max_segments_per_day', organization.max_segments_per_day, 'permitted_countries', organization.permitted_countries,
    'created_at', organization.created_at,
    'members', (select count(*) from public.memberships m
      where m.organization_id = organization.id and not m.is_service),
    'admins', (
      select coalesce(jsonb_agg(p.email order by p.email), '[]')
      from public.memberships m
      join public.roles r on r.id = m.role_id and r.organization_id is null and r.key = 'admin'
      join public.profiles p on p.id = m.user_id
      where m.organization_id = organization.id and m.status = 'active' and not m.is_service),
    'messages_30_days', (
      select coalesce(sum(d.messages), 0) from private.message_day_totals d
      where d.organization_id = organization.id and d.day > current_date - 30))
$$;

-- filters: { standing?, search? (part of the name) }.
-- Security definer because the service role reads no counters.
create function private.list_organizations(filters jsonb, page_limit integer, page_offset integer)
returns jsonb
language sql stable security definer set search_path = ''
as $$
  with found as materialized (
    select o from public.organizations o
    where (not filters ? 'standing' or o.standing = filters ->> 'standing')
      and (not filters ? 'search' or position(lower(filters ->> 'search') in lower(o.name)) > 0)
  )
  select jsonb_build_object('total', (select count(*) from found), 'rows', coalesce((
    select jsonb_agg(private.operated_organization_json(p.o) order by (p.o).id desc)
    from (select f.o from found f order by (f.o).id desc limit page_limit offset page_offset) p), '[]'))
$$;
grant execute on function private.list_organizations(jsonb, integer, integer) to service_role;

create function public.list_organizations(filters jsonb default '{}', page_limit integer default 50,
  page_offset integer default 0)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.list_organizations(filters, private.page_size(page_limit), private.page_start(page_offset))
$$;
comment on function public.list_organizations is
  'For operators of the platform: organizations, newest first. filters: { standing?, search? }.';
grant execute on function public.list_organizations(jsonb, integer, integer) to service_role;
