-- A list whose file is about to be uploaded: { list_id }, or { replayed } for a repeated request. list: { name, kind,
-- calling_code }. Security definer because lists are written by functions only.
create function private.begin_dnc_list(organization_id uuid, list jsonb)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  answer jsonb;
  created uuid;
begin
  perform private.require_permission(organization_id, 'suppressions:write');
  answer := private.idempotent_response(organization_id);
  if answer is not null then
    return jsonb_build_object('replayed', answer);
  end if;
  answer := private.over_rate_limit('upload');
  if answer is not null then
    return answer;
  end if;
  perform pg_advisory_xact_lock(hashtextextended('dnc|' || organization_id, 0));
  if (select count(*) from public.dnc_lists l where l.organization_id = begin_dnc_list.organization_id) >= 50 then
    perform private.problem(409, 'too_many_lists', 'An organization has at most 50 lists. Delete one of them.');
  end if;
  if exists (
    select from public.dnc_lists l
    where l.organization_id = begin_dnc_list.organization_id and l.name = btrim(list ->> 'name')) then
    perform private.problem(409, 'already_exists', 'There already is a list of this name.');
  end if;
  insert into public.dnc_lists (organization_id, name, kind, calling_code, created_by)
  values (organization_id, btrim(list ->> 'name'), list ->> 'kind', list ->> 'calling_code', auth.uid())
  returning id into created;
  return jsonb_build_object('list_id', created);
end
$$;
grant execute on function private.begin_dnc_list(uuid, jsonb) to authenticated;

create function public.begin_dnc_list(organization_id uuid, list jsonb)
returns jsonb
language sql set search_path = ''
as $$
  select private.begin_dnc_list(organization_id, list)
$$;
comment on function public.begin_dnc_list is 'Creates a list whose file is about to be uploaded.';
grant execute on function public.begin_dnc_list(uuid, jsonb) to authenticated;
