-- suppression: { phone, scope?, source?: manual | litigator, reason? } → { created, suppression }. A number that is
-- already suppressed in the scope stays as it is, except that it may become a litigator. Security definer because users
-- may insert the source manual only.
create function private.create_suppression(organization_id uuid, suppression jsonb)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
#variable_conflict use_column
declare
  answer jsonb;
  wanted constant uuid := private.uuid_v7();
  created public.suppressions;
begin
  perform private.require_permission(organization_id, 'suppressions:write');
  answer := private.idempotent_response(organization_id);
  if answer is not null then
    return answer;
  end if;
  -- One statement, because the existing suppression may be lifted at the same moment.
  insert into public.suppressions as s (id, organization_id, phone, scope, source, reason)
  values (wanted, organization_id, suppression ->> 'phone', coalesce(suppression ->> 'scope', 'all'),
    coalesce(suppression ->> 'source', 'manual'), suppression ->> 'reason')
  on conflict (organization_id, phone, scope) where lifted_at is null do update
    set source = case when excluded.source = 'litigator' then 'litigator' else s.source end
  returning * into created;
  return private.store_idempotent_response(organization_id,
    jsonb_build_object('created', created.id = wanted, 'suppression', private.suppression_json(created)));
end
$$;
grant execute on function private.create_suppression(uuid, jsonb) to authenticated;

create function public.create_suppression(organization_id uuid, suppression jsonb)
returns jsonb
language sql set search_path = ''
as $$
  select private.create_suppression(organization_id, suppression)
$$;
comment on function public.create_suppression is 'Suppresses a number.';
grant execute on function public.create_suppression(uuid, jsonb) to authenticated;
