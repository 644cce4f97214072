-- Demo data, for local use only: never load it into a hosted project. Everybody's password is `demo-only-password`.
-- One organization with a person for each system role, customers in arrears and what was done to them so far.

do $$
declare
  demo constant uuid := '0199aa00-0000-7000-8000-000000000001';
  person record;
  person_id uuid;
begin
  -- No quiet hours, so that the walk-through in the README sends at any hour.
  insert into public.organizations (id, name, country, time_zone, currency, quiet_hours_start, quiet_hours_end)
  values (demo, 'Demo Power', 'GH', 'Africa/Accra', 'GHS', null, null);
  insert into public.sms_accounts (organization_id, provider, sender_id) values (demo, 'twilio', '+15005550006');
  insert into public.teams (organization_id, name) values (demo, 'North');

  for person in
    select * from (values
      (1, 'admin', 'Adwoa Admin', 'admin'),
      (2, 'manager', 'Mensah Manager', 'manager'),
      (3, 'counselor', 'Comfort Counselor', 'counselor'),
      (4, 'campaigns', 'Kwesi Campaigns', 'campaign_manager'),
      (5, 'clerk', 'Kofi Clerk', 'operator'),
      (6, 'viewer', 'Vida Viewer', 'viewer'),
      (7, 'marketing', 'Maame Marketing', 'marketing_agent'),
      (8, 'technical', 'Tetteh Technical', 'technical_agent')
    ) as p (number, mailbox, full_name, role)
  loop
    person_id := ('0199aa00-0000-7000-8000-0000000001' || lpad(person.number::text, 2, '0'))::uuid;
    insert into auth.users (instance_id, id, aud, role, email, encrypted_password, email_confirmed_at,
      raw_app_meta_data, raw_user_meta_data, created_at, updated_at,
      confirmation_token, recovery_token, email_change_token_new, email_change)
    values ('00000000-0000-0000-0000-000000000000', person_id, 'authenticated', 'authenticated',
      person.mailbox || '@demo.signalbox.test',
      extensions.crypt('demo-only-password', extensions.gen_salt('bf', 6)), now(),
      '{"provider": "email", "providers": ["email"]}', jsonb_build_object('full_name', person.full_name), now(), now(),
      '', '', '', '');
    insert into auth.identities (id, user_id, provider, provider_id, identity_data, last_sign_in_at, created_at, updated_at)
    values (gen_random_uuid(), person_id, 'email', person_id::text,
      jsonb_build_object('sub', person_id, 'email', person.mailbox || '@demo.signalbox.test', 'email_verified', true),
      now(), now(), now());
    perform private.add_member(demo, person_id,
      (select r.id from public.roles r where r.organization_id is null and r.key = person.role),
      case when person.role in ('manager', 'counselor') then (select t.id from public.teams t where t.organization_id = demo) end);
  end loop;

  insert into public.customers (organization_id, name, account_number, phone, arrears, currency, created_by)
  select demo, c.name, c.account_number, c.phone, c.arrears, 'GHS', '0199aa00-0000-7000-8000-000000000105'
  from (values
    ('Ama Mensah', 'DP-1001', '+233244100101', 1234.50),
    ('Kwame Owusu', 'DP-1002', '+233244100102', 310.00),
    ('Efua Sarpong', 'DP-1003', '+233204100103', 0.00),
    ('Yaw Darko', 'DP-1004', '+233264100104', 87.25),
    ('Abena Osei', 'DP-1005', '+233544100105', 2450.75),
    ('Kojo Annan', 'DP-1006', '+233244100106', -15.00),
    ('Akosua Frimpong', 'DP-1007', '+233274100107', 640.10),
    ('Nii Lartey', 'DP-1008', '+233244100108', 95.00)
  ) as c (name, account_number, phone, arrears);

  insert into public.customer_actions (organization_id, customer_id, action, note, performed_by)
  select demo, c.id, a.action, a.note, '0199aa00-0000-7000-8000-000000000105'
  from (values
    ('DP-1001', 'warn', 'Second month without payment'),
    ('DP-1005', 'disconnect', 'No answer to two warnings'),
    ('DP-1007', 'warn', null)
  ) as a (account_number, action, note)
  join public.customers c on c.organization_id = demo and c.account_number = a.account_number;
end
$$;
