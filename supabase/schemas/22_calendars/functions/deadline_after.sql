-- The instant that is `minutes` of working time after `start`. With 0 minutes: `start` if the organization is open
-- then, else the next opening. Null if there is none within ten years (holidays can leave nothing to count).
create function private.deadline_after(organization_id uuid, start timestamptz, minutes integer)
returns timestamptz
language plpgsql stable set search_path = ''
as $$
begin
  return (private.walk_calendar(organization_id, start, minutes, start + interval '10 years')).deadline;
end
$$;
