-- change: { on_duty?, capacity? }; capacity null: the organization's. People change their own duty; those who may
-- assign leads change both for people within their scope. Security definer because callers may not write holders
-- directly.
create function private.update_holder(organization_id uuid, user_id uuid, change jsonb)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
begin
  if user_id = auth.uid() and not change ? 'capacity' then
    perform private.require_scope(organization_id, 'leads:hold');
  else
    perform private.require_scope(organization_id, 'leads:assign');
    if not private.may_hold_leads(organization_id, user_id) then
      perform private.problem(404, 'not_found', 'There is no such person who may hold leads.');
    elsif user_id <> all (private.assignable_people(organization_id)) then
      perform private.problem(403, 'permission_denied',
        'This person is outside the scope of your permission leads:assign.');
    end if;
  end if;
  insert into public.lead_holders as h (organization_id, user_id, on_duty, capacity)
  values (organization_id, user_id, coalesce((change ->> 'on_duty')::boolean, true), (change ->> 'capacity')::integer)
  on conflict on constraint lead_holders_pkey do update
    set on_duty = coalesce((change ->> 'on_duty')::boolean, h.on_duty),
      capacity = case when change ? 'capacity' then excluded.capacity else h.capacity end;
  return private.holder_json(organization_id, user_id);
end
$$;
grant execute on function private.update_holder(uuid, uuid, jsonb) to authenticated;

create function public.update_holder(organization_id uuid, user_id uuid, change jsonb)
returns jsonb
language sql set search_path = ''
as $$
  select private.update_holder(organization_id, user_id, change)
$$;
comment on function public.update_holder is 'Changes whether a person is on duty and their capacity of open leads.';
grant execute on function public.update_holder(uuid, uuid, jsonb) to authenticated;
