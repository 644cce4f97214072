-- Serializes requests that would give two leads the same phone number or e-mail address, always in this order. An
-- import takes the first lock exclusively instead of one lock per row. These locks come before the locks on holders
-- (see 32_assignment) and on leads, never after them.
create function private.lock_lead_contacts(organization_id uuid, phone text, email text)
returns void
language plpgsql volatile set search_path = ''
as $$
begin
  perform pg_advisory_xact_lock_shared(hashtextextended('lead_import|' || organization_id, 0));
  if phone is not null then
    perform pg_advisory_xact_lock(hashtextextended('lead_phone|' || organization_id || '|' || phone, 0));
  end if;
  if email is not null then
    perform pg_advisory_xact_lock(hashtextextended('lead_email|' || organization_id || '|' || email, 0));
  end if;
end
$$;
