-- Security definer because names of former members may not be read directly.
create function private.get_audit_log(organization_id uuid, entry_id uuid)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
  answer jsonb;
begin
  perform private.require_permission(organization_id, 'audit:read');
  select private.audit_json(x, true) into answer from public.audit_logs x
  where x.organization_id = get_audit_log.organization_id and x.id = entry_id;
  if answer is null then
    perform private.problem(404, 'not_found', 'There is no such entry.');
  end if;
  return answer;
end
$$;
grant execute on function private.get_audit_log(uuid, uuid) to authenticated;

create function public.get_audit_log(organization_id uuid, entry_id uuid)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.get_audit_log(organization_id, entry_id)
$$;
comment on function public.get_audit_log is 'An entry of the audit log with the values before and after.';
grant execute on function public.get_audit_log(uuid, uuid) to authenticated;
