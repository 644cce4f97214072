-- For the first slice of an export: takes a token and leaves an audit entry. Null, or the refusal that the function must
-- return. A slice that continues an export needs neither, but only if the caller has begun this one within the hour:
-- where to go on can be made up.
create function private.begin_export(organization_id uuid, resource text, filters jsonb, continues boolean,
  resource_id uuid default null)
returns jsonb
language plpgsql set search_path = ''
as $$
declare
  this_export constant text := concat_ws(':', resource, resource_id, md5(filters::text));
  refusal jsonb;
begin
  if continues and exists (
    select from private.exports_begun b
    where b.organization_id = begin_export.organization_id and b.user_id = auth.uid() and b.export = this_export
      and b.begun_at > now() - private.export_continuation_time())
  then
    return null;
  end if;
  refusal := private.over_rate_limit('export');
  if refusal is not null then
    return refusal;
  end if;
  perform private.audit_export(organization_id, resource, filters, resource_id);
  insert into private.exports_begun as b (organization_id, user_id, export)
  values (organization_id, auth.uid(), this_export)
  on conflict on constraint exports_begun_pkey do update set begun_at = now();
  return null;
end
$$;
