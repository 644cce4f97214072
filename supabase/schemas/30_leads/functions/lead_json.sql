create function private.lead_json(lead public.leads)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.lead_rows(array[lead]) -> 0
$$;
