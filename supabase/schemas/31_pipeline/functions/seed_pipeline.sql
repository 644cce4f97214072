-- Creates the default pipeline and settings of a new organization. Security definer: see seed_organization_messaging.
create function private.seed_pipeline()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  insert into public.lead_settings (organization_id) values (new.id);
  insert into public.pipeline_stages (organization_id, key, label, position, outcome) values
    (new.id, 'new', 'New', 1, null),
    (new.id, 'contacted', 'Contacted', 2, null),
    (new.id, 'qualified', 'Qualified', 3, null),
    (new.id, 'proposal', 'Proposal', 4, null),
    (new.id, 'won', 'Won', 5, 'won'),
    (new.id, 'lost', 'Lost', 6, 'lost');
  return new;
end
$$;
