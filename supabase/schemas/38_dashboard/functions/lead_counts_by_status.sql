-- Number and value of leads by stage, of the leads that the caller may read. For security definer functions.
create function private.lead_counts_by_status(organization_id uuid)
returns table (status text, leads bigint, value numeric)
language sql stable set search_path = ''
as $$
  select f.status, sum(f.leads)::bigint, sum(f.value)
  from private.lead_figures(lead_counts_by_status.organization_id, 'leads:read') f group by f.status
$$;
