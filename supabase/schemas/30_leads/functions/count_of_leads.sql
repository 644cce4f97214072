-- How many leads of the caller's scope match the filters, if counters know it: by status, source, response clock, team
-- and whether anybody is assigned; by assignee only with the response clock. Otherwise null.
create function private.count_of_leads(organization_id uuid, filters jsonb)
returns bigint
language plpgsql stable set search_path = ''
as $$
declare
  sla text := case filters ->> 'sla' when 'due' then 'due_soon' else filters ->> 'sla' end;
  person uuid;
begin
  if filters - array['status', 'source', 'sla', 'team_id', 'assigned_to'] <> '{}' then
    return null;
  end if;
  if coalesce(filters ->> 'assigned_to', 'none') = 'none' then
    return (
      select coalesce(sum(f.leads), 0) from private.lead_figures(organization_id, 'leads:read') f
      where (not filters ? 'status' or f.status = filters ->> 'status')
        and (not filters ? 'source' or f.source = filters ->> 'source')
        and (not filters ? 'sla' or f.sla_status = sla)
        and (not filters ? 'team_id' or f.team_id = (filters ->> 'team_id')::uuid)
        and (not filters ? 'assigned_to' or not f.assigned));
  elsif filters - array['sla', 'assigned_to'] = '{}' then
    person := case when filters ->> 'assigned_to' = 'me' then auth.uid() else (filters ->> 'assigned_to')::uuid end;
    return (
      select coalesce(sum(f.leads), 0) from private.holder_figures(organization_id, 'leads:read') f
      where f.holder_id = person and (not filters ? 'sla' or f.sla_status = sla));
  end if;
  return null;
end
$$;
