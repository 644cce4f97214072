-- The rows of the ledger that counted at a moment: recorded by then, and not reversed by then. Of some clients, or of a
-- whole organization. What reverses a row is of the same client: said so, because without nested loops the planner would
-- read the ledger of everybody for it.
create function private.effective_movements(
  client_ids uuid[], as_of timestamptz default 'infinity', whole_organization uuid default null)
returns setof public.client_movements
language plpgsql stable rows 2000 set search_path = ''
as $$
begin
  if whole_organization is null then
    return query
      select m.* from public.client_movements m
      where m.client_id = any (client_ids) and m.kind <> 'correction' and m.recorded_at <= as_of
        and not exists (
          select from public.client_movements r
          where r.reverses = m.id and r.client_id = any (client_ids) and r.recorded_at <= as_of);
  else
    return query
      select m.* from public.client_movements m
      where m.organization_id = whole_organization and m.kind <> 'correction' and m.recorded_at <= as_of
        and not exists (
          select from public.client_movements r
          where r.reverses = m.id and r.organization_id = whole_organization and r.recorded_at <= as_of);
  end if;
end
$$;
