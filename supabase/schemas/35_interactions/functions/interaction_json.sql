create function private.interaction_json(interaction public.interactions)
returns jsonb
language sql stable set search_path = ''
as $$
  select to_jsonb(interaction) - 'organization_id' || jsonb_build_object('created_by_name', (
    select p.full_name from public.profiles p where p.id = interaction.created_by))
$$;
