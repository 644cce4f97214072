-- Each client has a row of its risk from the start. Security definer because people who add clients may not write risks.
create function private.add_client_risks()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  insert into public.client_risks (organization_id, client_id) select n.organization_id, n.id from new_rows n;
  return null;
end
$$;
