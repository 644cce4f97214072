-- The display name of a lead.
create function private.lead_label(lead public.leads)
returns text
language sql immutable set search_path = ''
as $$
  select coalesce(nullif(lead.full_name, ''), lead.email, lead.phone)
$$;
