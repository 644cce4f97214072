-- The next slice of an export, newest first: { rows, next } where next is the before_id of the following slice, null at the
-- end. A slice looks at 1,000 entries, or at 20,000 in search of some. Definer: see list_audit_logs.
create function private.export_audit_logs(organization_id uuid, filters jsonb)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
  wanted integer := case when filters ? 'search' then 20000 else 1000 end;
  answer jsonb;
begin
  perform private.require_permission(organization_id, 'audit:read');
  execute format(
    'with looked as materialized (select * from public.audit_logs x where %1$s order by x.id desc limit %2$s)
    select jsonb_build_object(
      ''rows'', coalesce((select jsonb_agg(private.audit_json(x, true) order by x.id desc) from looked x where %3$s), ''[]''),
      ''next'', (select case when count(*) = %2$s then min(l.id::text) end from looked l))',
    private.audit_condition(organization_id, filters), wanted,
    case when filters ? 'search' then private.audit_search(organization_id, filters ->> 'search') else 'true' end)
  into answer;
  return answer;
end
$$;
grant execute on function private.export_audit_logs(uuid, jsonb) to authenticated;

create function public.export_audit_logs(organization_id uuid, filters jsonb)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.export_audit_logs(organization_id, filters)
$$;
comment on function public.export_audit_logs is 'The next slice of the audit log for an export; filters may hold before_id, where the last one ended.';
grant execute on function public.export_audit_logs(uuid, jsonb) to authenticated;
