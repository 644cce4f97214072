create function public.create_action(organization_id uuid, customer_id uuid, action text, note text default null)
returns jsonb
language plpgsql set search_path = ''
as $$
declare
  answer jsonb := private.idempotent_response(organization_id);
  created public.customer_actions;
begin
  if answer is not null then
    return answer;
  end if;
  insert into public.customer_actions (organization_id, customer_id, action, note)
  values (organization_id, customer_id, action, note) returning * into created;
  return private.store_idempotent_response(organization_id, private.action_json(created));
exception when foreign_key_violation then
  perform private.problem(404, 'not_found', 'There is no such customer.');
  return null;
end
$$;
comment on function public.create_action is
  'Records an action; the customer''s status follows in the same transaction.';
grant execute on function public.create_action(uuid, uuid, text, text) to authenticated;
