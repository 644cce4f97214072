-- Who acts in the place of somebody who is suspended or gone: those of their team who may assign leads, or the admins
-- where there is nobody.
create function private.substitutes(organization_id uuid, user_id uuid)
returns setof uuid
language sql stable rows 2 set search_path = ''
as $$
  with leaders as materialized (
    select m.user_id
    from public.memberships o
    join public.memberships m on m.organization_id = o.organization_id and m.team_id = o.team_id
      and m.status = 'active' and m.user_id <> o.user_id
    join public.role_permissions p on p.role_id = m.role_id and p.permission = 'leads:assign'
    where o.organization_id = substitutes.organization_id and o.user_id = substitutes.user_id
  )
  select l.user_id from leaders l
  union all
  select m.user_id
  from public.memberships m
  join public.roles r on r.id = m.role_id and r.organization_id is null and r.key = 'admin'
  where m.organization_id = substitutes.organization_id and m.status = 'active'
    and m.user_id <> substitutes.user_id and not exists (select from leaders)
$$;
