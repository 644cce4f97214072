-- POST /actions/batch. actions: [{ customer_id, action, note? }]. Records all, or none and lists the offending
-- indexes. Security definer because only this function may mark actions as part of a batch.
create function private.create_actions(organization_id uuid, actions jsonb)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  answer jsonb;
  batch uuid;
  customer_ids uuid[];
  kinds text[];
  notes text[];
  unknown_customers jsonb;
begin
  perform private.require_permission(organization_id, 'actions:write');
  answer := private.idempotent_response(organization_id);
  if answer is not null then
    return answer;
  end if;
  perform private.require_valid(jsonb_typeof(actions) = 'array', 'actions', 'must be a list');
  perform private.require_valid(jsonb_array_length(actions) between 1 and 10000, 'actions', 'must be 1 to 10000');
  select array_agg((a.value ->> 'customer_id')::uuid order by a.ordinality),
    array_agg(a.value ->> 'action' order by a.ordinality), array_agg(a.value ->> 'note' order by a.ordinality)
  into customer_ids, kinds, notes from jsonb_array_elements(actions) with ordinality a;
  select jsonb_agg(jsonb_build_object('path', 'actions.' || (a.place - 1) || '.customer_id', 'message',
    'There is no such customer.')
    order by a.place) into unknown_customers
  from unnest(customer_ids) with ordinality a (customer_id, place)
  where not exists (select from public.customers c
    where c.organization_id = create_actions.organization_id and c.id = a.customer_id);
  if unknown_customers is not null then
    perform private.problem(422, 'invalid_field', 'Some customers do not exist; nothing was recorded.',
      unknown_customers);
  end if;
  insert into public.batches (organization_id, kind, counts, created_by)
  values (organization_id, 'actions', jsonb_build_object('actions', cardinality(kinds)), auth.uid())
  returning id into batch;
  insert into public.customer_actions (organization_id, customer_id, action, note, source, batch_id, performed_by)
  select create_actions.organization_id, a.customer_id, a.action, a.note, 'batch', batch, auth.uid()
  from unnest(customer_ids, kinds, notes) with ordinality a (customer_id, action, note, place) order by a.place;
  return private.store_idempotent_response(organization_id,
    jsonb_build_object('batch_id', batch, 'created', cardinality(kinds)));
end
$$;
grant execute on function private.create_actions(uuid, jsonb) to authenticated;

-- On a busy machine ten thousand actions take longer than the usual limit; the Data API applies this setting.
create function public.create_actions(organization_id uuid, actions jsonb)
returns jsonb
language sql set search_path = '' set statement_timeout = '55s'
as $$
  select private.create_actions(organization_id, actions)
$$;
comment on function public.create_actions is 'Records many actions as one batch, in one transaction.';
grant execute on function public.create_actions(uuid, jsonb) to authenticated;
