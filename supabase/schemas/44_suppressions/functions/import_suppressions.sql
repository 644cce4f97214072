-- Suppresses numbers that the caller has normalized: { added, known }. Security definer because users may insert the
-- source manual only.
create function private.import_suppressions(organization_id uuid, phones text[], scope text, reason text, answer jsonb)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  replayed jsonb;
  added bigint;
begin
  perform private.require_permission(organization_id, 'suppressions:write');
  replayed := private.idempotent_response(organization_id);
  if replayed is not null then
    return replayed;
  end if;
  if cardinality(phones) > 10000 then
    perform private.problem(422, 'invalid_field', 'At most 10,000 numbers at a time.',
      '[{"path": "numbers", "message": "has more than 10,000"}]');
  end if;
  insert into public.suppressions (organization_id, phone, scope, source, reason)
  select import_suppressions.organization_id, p.phone, import_suppressions.scope, 'import', import_suppressions.reason
  from (select distinct u.phone from unnest(phones) as u (phone)) p order by p.phone
  on conflict do nothing;
  get diagnostics added = row_count;
  return private.store_idempotent_response(organization_id,
    answer || jsonb_build_object('added', added, 'known', cardinality(phones) - added));
end
$$;
grant execute on function private.import_suppressions(uuid, text[], text, text, jsonb) to authenticated;

create function public.import_suppressions(organization_id uuid, phones text[], scope text, reason text, answer jsonb)
returns jsonb
language sql set search_path = ''
as $$
  select private.import_suppressions(organization_id, phones, scope, reason, answer)
$$;
comment on function public.import_suppressions is 'Suppresses many numbers.';
grant execute on function public.import_suppressions(uuid, text[], text, text, jsonb) to authenticated;
