-- Audits tables without an id of their own, row by row. Arguments: the column whose value is the resource's id, then
-- columns whose changes are not audited.
-- Security definer because nobody may write the log directly.
create function private.audit_row()
returns trigger
language plpgsql security definer set search_path = ''
as $$
declare
  ignored text[] := coalesce(tg_argv[1:tg_nargs - 1]::text[], '{}') || 'updated_at'::text;
  old_row jsonb := case when tg_op <> 'INSERT' then to_jsonb(old) end;
  new_row jsonb := case when tg_op <> 'DELETE' then to_jsonb(new) end;
  subject jsonb := coalesce(new_row, old_row);
  origin record := private.request_origin();
begin
  if tg_op = 'UPDATE' and old_row - ignored = new_row - ignored then
    return null;
  end if;
  insert into public.audit_logs (organization_id, actor_id, impersonator_id, action, resource, resource_id,
    before, after, changed, via, request_id, ip)
  values ((subject ->> 'organization_id')::uuid, auth.uid(), private.impersonator(), lower(tg_op), tg_table_name,
    (subject ->> tg_argv[0])::uuid, old_row, new_row, case when tg_op = 'UPDATE' then array(
      select n.key from jsonb_each(new_row - ignored) n where n.value is distinct from old_row -> n.key order by n.key)
      else '{}' end, origin.via, origin.request_id, origin.ip);
  return null;
end
$$;
