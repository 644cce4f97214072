create function private.consent_json(consent public.consents)
returns jsonb
language sql stable set search_path = ''
as $$
  select to_jsonb(consent) - 'organization_id' || jsonb_build_object('recorded_by_name',
    (select p.full_name from public.profiles p where p.id = consent.recorded_by))
$$;
