-- The next slice of an export, newest first: { rows, next }, where next is the before_id of the following slice, null
-- at the end. A slice reads 1,000 entries, or 20,000 with a search.
-- Security definer because names of former members may not be read directly.
create function private.export_audit_logs(organization_id uuid, filters jsonb)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  slice_size integer := case when filters ? 'search' then 20000 else 1000 end;
  answer jsonb;
  refusal jsonb;
begin
  perform private.require_permission(organization_id, 'audit:read');
  refusal := private.begin_export(organization_id, 'audit_logs', filters - 'before_id', filters ? 'before_id');
  if refusal is not null then
    return refusal;
  end if;
  execute format(
    'with slice as materialized (select * from public.audit_logs x where %1$s order by x.id desc limit %2$s)
    select jsonb_build_object(
      ''rows'', coalesce((
        select jsonb_agg(private.audit_json(x, true) order by x.id desc) from slice x where %3$s), ''[]''),
      ''next'', (select case when count(*) = %2$s then min(s.id::text) end from slice s))',
    private.audit_condition(organization_id, filters), slice_size,
    case when filters ? 'search' then private.audit_search(organization_id, filters ->> 'search') else 'true' end)
  into answer;
  return answer;
end
$$;
grant execute on function private.export_audit_logs(uuid, jsonb) to authenticated;

create function public.export_audit_logs(organization_id uuid, filters jsonb)
returns jsonb
language sql set search_path = ''
as $$
  select private.export_audit_logs(organization_id, filters)
$$;
comment on function public.export_audit_logs is
  'The next slice of the audit log for an export; filters.before_id is where the previous slice ended.';
grant execute on function public.export_audit_logs(uuid, jsonb) to authenticated;
