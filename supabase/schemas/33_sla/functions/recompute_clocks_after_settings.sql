-- Security definer, as the triggers on stages and organizations: people who may change settings need not be able to
-- write leads.
create function private.recompute_clocks_after_settings()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  perform private.request_sla_recomputation(new.organization_id);
  return null;
end
$$;
