-- From which day on the incidents of clients would be known: the day on which a client was entered, or its first incident if
-- that is older. Before that nobody counted them, whatever its service: no incident then tells nothing. A generic plan:
-- of an organization that came after the statistics another one would read what all clients have.
create function private.incidents_known_from(organization_id uuid, client_ids uuid[])
returns table (client_id uuid, day date)
language plpgsql stable rows 10000 set search_path = '' set plan_cache_mode = force_generic_plan
as $$
declare
  zone constant text := (select o.time_zone from public.organizations o where o.id = incidents_known_from.organization_id);
begin
  return query
    select c.id, least(c.created_at at time zone zone, f.first_at at time zone zone)::date
    from unnest(client_ids) as wanted (id)
    join public.clients c on c.id = wanted.id and (c.organization_id = incidents_known_from.organization_id) is true
    left join lateral (
      select min(i.opened_at) as first_at from public.client_issues i
      where i.organization_id = incidents_known_from.organization_id and i.client_id = c.id
    ) f on true;
end
$$;
