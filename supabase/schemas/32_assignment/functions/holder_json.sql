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
