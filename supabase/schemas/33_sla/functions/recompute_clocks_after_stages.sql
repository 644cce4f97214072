-- Security definer because who changes stages may not write the queue.
create function private.recompute_clocks_after_stages()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  perform private.request_sla_recomputation(c.organization_id)
  from (
    select distinct n.organization_id from new_rows n join old_rows o using (id) where n.sla_minutes is distinct
      from o.sla_minutes
  ) c;
  return null;
end
$$;
