-- People as holders of leads: who there is, what each holds, who is on duty.

-- GET /leads/holders: those to whom the caller may assign leads. Definer: it counts leads beyond the caller's reach, of
-- people within it.
create function private.list_holders(organization_id uuid, page_limit integer, page_offset integer)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
  people uuid[] := private.assignable_people(organization_id);
begin
  return jsonb_build_object('total', cardinality(people), 'rows', (
    select coalesce(jsonb_agg(private.holder_json(organization_id, p.id) order by p.full_name, p.id), '[]')
    from (
      select p.id, p.full_name from public.profiles p where p.id = any (people)
      order by p.full_name, p.id limit page_limit offset page_offset
    ) p));
end
$$;

create function private.holder_json(organization_id uuid, user_id uuid)
returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object('user_id', p.id, 'full_name', p.full_name, 'email', p.email, 'team_id', m.team_id,
    'on_duty', l.on_duty, 'capacity', l.own_capacity, 'effective_capacity', l.capacity, 'open', l.open)
  from private.holder_loads(organization_id, array[user_id]) l
  join public.profiles p on p.id = l.user_id
  join public.memberships m on m.organization_id = holder_json.organization_id and m.user_id = l.user_id
$$;

-- change: { on_duty?, capacity? }; capacity null: the organization's. People set their own duty, whoever assigns leads
-- both of the people within reach. Definer: holders are nobody's to write directly.
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
      perform private.problem(403, 'permission_denied', 'Your permission leads:assign does not reach this person.');
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

create function public.list_holders(organization_id uuid, page_limit integer, page_offset integer)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.list_holders(organization_id, page_limit, page_offset)
$$;
comment on function public.list_holders is 'One page of the people to whom the caller may assign leads, and what they hold.';

create function public.update_holder(organization_id uuid, user_id uuid, change jsonb)
returns jsonb
language sql set search_path = ''
as $$
  select private.update_holder(organization_id, user_id, change)
$$;
comment on function public.update_holder is 'Changes whether a person is on duty and how many open leads it may hold.';

grant execute on function private.list_holders(uuid, integer, integer), private.update_holder(uuid, uuid, jsonb) to authenticated;
grant execute on function public.list_holders(uuid, integer, integer), public.update_holder(uuid, uuid, jsonb) to authenticated;
