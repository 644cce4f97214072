-- The moment that lies `minutes` of the organization's working time after `start`. With 0 minutes it is `start`, if the
-- organization is open then, else its next opening. Null if there is no such moment within ten years: holidays can leave
-- nothing to count, and the search has an end.
create function private.deadline_after(organization_id uuid, start timestamptz, minutes integer)
returns timestamptz
language plpgsql stable set search_path = ''
as $$
begin
  return (private.walk_calendar(organization_id, start, minutes, start + interval '10 years')).reached;
end
$$;
