-- Definer, like the two below: whoever may change settings, stages or the organization need not be able to write leads.
create function private.recount_after_settings()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  perform private.recount_clocks_soon(new.organization_id);
  return null;
end
$$;
