-- Security definer because who changes the zone may not write the queue.
create function private.recompute_clocks_after_time_zone()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  if exists (select from public.calendars c where c.organization_id = new.id and c.enabled and c.time_zone is null) then
    perform private.request_sla_recomputation(new.id);
  end if;
  return null;
end
$$;
