-- The stage that new leads enter.
create function private.first_stage(organization_id uuid)
returns text
language sql stable set search_path = ''
as $$
  select s.key from public.pipeline_stages s
  where s.organization_id = first_stage.organization_id and s.outcome is null
  order by s.position limit 1
$$;
