create function private.action_json(a public.customer_actions)
returns jsonb
language sql stable set search_path = ''
as $$
  select to_jsonb(a) || jsonb_build_object('performed_by_name',
    (select p.full_name from public.profiles p where p.id = a.performed_by))
$$;
grant execute on function private.action_json(public.customer_actions) to authenticated;
