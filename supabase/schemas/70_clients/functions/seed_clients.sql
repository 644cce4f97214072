-- A new organization gets segments and incident types to begin with. Security definer because a person who signs up may not
-- write them directly.
create function private.seed_clients()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  insert into public.client_segments (organization_id, key, label, position) values
    (new.id, 'individual', 'Individuals', 1),
    (new.id, 'small_business', 'Small businesses', 2),
    (new.id, 'enterprise', 'Enterprises', 3);
  insert into public.incident_types (organization_id, key, label, action, position) values
    (new.id, 'outage', 'Outage', 'Check the connection before the client has to report it again', 1),
    (new.id, 'quality', 'Quality of service', 'Measure the quality at the client''s site and tell the result', 2),
    (new.id, 'billing', 'Billing', 'Go through the last invoice with the client', 3),
    (new.id, 'delay', 'Delay', 'Name a date for what is promised, and a person', 4),
    (new.id, 'other', 'Other', null, 5);
  insert into public.churn_settings (organization_id) values (new.id);
  return null;
end
$$;
