-- POST /actions/batch. actions: [{ customer_id, action, note? }]. Records all, or none and lists the offending
-- indexes. Security definer because only this function may mark actions as part of a batch.
create function private.create_actions(organization_id uuid, actions jsonb)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  answer jsonb;
  batch uuid;
  unknown_customers jsonb;
begin
  perform private.require_permission(organization_id, 'actions:write');
  answer := private.idempotent_response(organization_id);
  if answer is not null then
    return answer;
  end if;
  select jsonb_agg(jsonb_build_object('path', 'actions.' || (a.ordinality - 1) || '.customer_id', 'message',
    'There is no such customer.')
    order by a.ordinality) into unknown_customers
  from private.batch_rows(actions) with ordinality a
  left join public.customers c
    on c.organization_id = create_actions.organization_id and c.id = a.customer_id
  where c.id is null;
  if unknown_customers is not null then
    perform private.problem(422, 'invalid_field', 'Some customers do not exist; nothing was recorded.',
      unknown_customers);
  end if;
  insert into public.batches (organization_id, kind, counts, created_by)
  values (organization_id, 'actions', jsonb_build_object('actions', jsonb_array_length(actions)), auth.uid())
  returning id into batch;
  insert into public.customer_actions (organization_id, customer_id, action, note, source, batch_id, performed_by)
  select create_actions.organization_id, a.customer_id, a.action, a.note, 'batch', batch, auth.uid()
  from private.batch_rows(actions) with ordinality a order by a.ordinality;
  return private.store_idempotent_response(organization_id,
    jsonb_build_object('batch_id', batch, 'created', jsonb_array_length(actions)));
end
$$;
grant execute on function private.create_actions(uuid, jsonb) to authenticated;

create function public.create_actions(organization_id uuid, actions jsonb)
returns jsonb
language sql set search_path = ''
as $$
  select private.create_actions(organization_id, actions)
$$;
comment on function public.create_actions is 'Records many actions as one batch, in one transaction.';
grant execute on function public.create_actions(uuid, jsonb) to authenticated;
