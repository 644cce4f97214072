create function private.dnc_list_json(list public.dnc_lists)
returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object('id', list.id, 'name', list.name, 'kind', list.kind, 'status', list.status,
    'calling_code', list.calling_code, 'numbers', list.numbers, 'invalid', list.invalid, 'progress', case
      when list.status = 'active' then 1
      else round(list.next_position::numeric / greatest(list.pieces, 1), 3) end, 'error', list.error,
    'created_by', list.created_by, 'created_by_name', (select p.full_name from public.profiles p
      where p.id = list.created_by),
    'created_at', list.created_at, 'updated_at', list.updated_at)
$$;
