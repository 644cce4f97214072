-- unknown: messages whose outcome is unknown or awaits a person's decision.
create function public.list_messages(organization_id uuid, filters jsonb, page_limit integer, page_offset integer)
returns jsonb
language plpgsql stable set search_path = ''
as $$
declare
  conditions text := 'x.organization_id = $1' || private.conditions(filters - 'unknown', '{
    "status": ["status", "=", "text"], "direction": ["direction", "=", "text"], "to": ["to_number", "=", "text"],
    "batch_id": ["batch_id", "=", "uuid"], "campaign_id": ["campaign_id", "=", "uuid"],
    "customer_id": ["customer_id", "=", "uuid"], "from": ["created_at", ">=", "timestamptz"],
    "before": ["created_at", "<", "timestamptz"]}') || case (filters ->> 'unknown')::boolean
      when true then ' and (x.unknown_at is not null or x.held_at is not null)'
      when false then ' and x.unknown_at is null and x.held_at is null' else '' end;
  answer jsonb;
begin
  perform private.require_permission(organization_id, 'messages:read');
  execute format(
    'select jsonb_build_object(
      ''total'', (select count(*) from public.messages x where %1$s),
      ''rows'', coalesce((select jsonb_agg(private.message_json(p.message)) from (
        select x as message from public.messages x where %1$s order by x.id desc limit $3 offset $4) p), ''[]''))',
    conditions)
  into answer
  using list_messages.organization_id, filters, private.page_size(page_limit), private.page_start(page_offset);
  return answer;
end
$$;
comment on function public.list_messages is
  'One page of messages, newest first. filters: { status?, unknown?, direction?, to?, batch_id?, campaign_id?, '
  'customer_id?, from?, before? }.';
grant execute on function public.list_messages(uuid, jsonb, integer, integer) to authenticated;
