-- What stands in each stage of the pipeline, of the leads that the caller may read. Definer functions call it.
create function private.lead_counts_by_status(organization_id uuid)
returns table (status text, leads bigint, value numeric)
language sql stable set search_path = ''
as $$
  select f.status, sum(f.leads)::bigint, sum(f.value)
  from private.lead_figures(lead_counts_by_status.organization_id, 'leads:read') f group by f.status
$$;

create function private.pipeline_figures(organization_id uuid)
returns table (status text, leads bigint, value numeric)
language sql stable set search_path = ''
as $$
  select c.status, c.leads, c.value from private.lead_counts_by_status(pipeline_figures.organization_id) c
$$;
