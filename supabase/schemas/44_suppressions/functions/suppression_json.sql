create function private.suppression_json(suppression public.suppressions)
returns jsonb
language sql stable set search_path = ''
as $$
  select to_jsonb(suppression) - 'organization_id' || jsonb_build_object(
    'created_by_name', (select p.full_name from public.profiles p where p.id = suppression.created_by),
    'lifted_by_name', (select p.full_name from public.profiles p where p.id = suppression.lifted_by))
$$;
