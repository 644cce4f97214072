create function private.recount_after_moving()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  if exists (select from public.calendars c where c.organization_id = new.id and c.enabled and c.time_zone is null) then
    perform private.recount_clocks_soon(new.id);
  end if;
  return null;
end
$$;
