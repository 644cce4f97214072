create function public.list_actions(organization_id uuid, filters jsonb, page_limit integer, page_offset integer)
returns jsonb
language plpgsql stable set search_path = ''
as $$
declare
  conditions text := 'x.organization_id = $1' || private.conditions(filters, '{
    "customer_id": ["customer_id", "=", "uuid"], "action": ["action", "=", "text"],
      "batch_id": ["batch_id", "=", "uuid"]}');
  answer jsonb;
begin
  perform private.require_permission(organization_id, 'actions:read');
  execute format(
    'select jsonb_build_object(
      ''total'', (select count(*) from public.customer_actions x where %1$s),
      ''rows'', coalesce((select jsonb_agg(private.action_json(p) order by p.id desc) from (
        select x.* from public.customer_actions x where %1$s order by x.id desc limit $3 offset $4) p), ''[]''),
      ''customer_known'', not $2 ? ''customer_id'' or exists (
        select from public.customers c where c.organization_id = $1 and c.id = ($2 ->> ''customer_id'')::uuid))',
    conditions)
  into answer
  using list_actions.organization_id, filters, private.page_size(page_limit), private.page_start(page_offset);
  return answer;
end
$$;
comment on function public.list_actions is
  'One page of actions, newest first. filters: { customer_id?, action?, batch_id? }.';
grant execute on function public.list_actions(uuid, jsonb, integer, integer) to authenticated;
