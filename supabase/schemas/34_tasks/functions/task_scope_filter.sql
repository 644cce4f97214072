-- As private.lead_scope, but without the permission a condition that nothing meets instead of an error.
create function private.scope_or_null(organization_id uuid, permission text)
returns text
language plpgsql stable set search_path = ''
as $$
begin
  if organization_id = any (private.organizations_in_scope(permission)) then
    return private.lead_scope(organization_id, permission);
  end if;
  return 'false';
end
$$;

-- The scope of the caller's permission as conditions on tasks `x`, one for each way to see a task, which no two
-- share. One condition with "or" could use no index. For security definer functions that have required the
-- permission.
create function private.task_scope_filter(organization_id uuid, permission text)
returns text[]
language plpgsql stable set search_path = ''
as $$
declare
  scope text := private.require_scope(organization_id, permission);
  base text := format('x.organization_id = %L and not x.lead_deleted', organization_id);
  people uuid[] := array[auth.uid()];
  visible text;
  leads text;
begin
  if scope = 'organization' then
    return array[base];
  end if;
  -- Branch by branch and without a redundant condition, indexes alone give the leads.
  visible := private.scope_or_null(organization_id, 'leads:read');
  if visible = private.lead_scope(organization_id, permission) then
    visible := 'true';
  end if;
  select string_agg(format(
    'select x.id from public.leads x where x.organization_id = %L and x.deleted_at is null and %s and %s',
    task_scope_filter.organization_id, b, visible), ' union all ')
  into leads
  from unnest(private.lead_scope_filter(organization_id, permission)) b;
  if scope = 'team' then
    people := people || array(
      select mate.user_id from public.memberships mate
      join public.memberships m on m.organization_id = mate.organization_id and m.team_id = mate.team_id
      where m.organization_id = task_scope_filter.organization_id and m.user_id = auth.uid()
        and mate.user_id <> auth.uid());
  end if;
  return array[
    format('%s and x.assigned_to = any (%L)', base, people),
    format('%1$s and x.created_by = any (%2$L) and (x.assigned_to = any (%2$L)) is not true', base, people),
    format('%1$s and (x.assigned_to = any (%2$L)) is not true and (x.created_by = any (%2$L)) is not true'
      || ' and x.lead_id in (%3$s)',
      base, people, leads)];
end
$$;
