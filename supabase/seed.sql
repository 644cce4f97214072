-- Demo data, for local use only: never load it into a hosted project. Everybody's password is `demo-only-password`.
-- One organization with a person for each system role, customers in arrears and what was done to them so far, and leads in
-- every stage, with a campaign that waits to be started; business clients, of whom two have left.

do $$
declare
  demo constant uuid := '0199aa00-0000-7000-8000-000000000001';
  person record;
  person_id uuid;
  client record;
  client_id uuid;
begin
  -- Local organizations and senders need nobody's approval.
  update private.deployment set new_organizations = 'approved', new_senders = 'active',
    max_organizations_per_person = 1000 where singleton;
  -- No quiet hours, so that the walk-through in the README sends at any hour.
  insert into public.organizations (id, name, country, time_zone, currency, quiet_hours_start, quiet_hours_end, contact_details)
  values (demo, 'Demo Power', 'GH', 'Africa/Accra', 'GHS', null, null, 'help@demo.signalbox.test');
  insert into public.sms_accounts (id, organization_id, provider, sender_id, label, segment_price)
  values ('0199aa00-0000-7000-8000-000000000501', demo, 'twilio', '+15005550006', 'Open day line', 0.0083);
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

  insert into public.lead_fields (organization_id, key, label, type, choices, position) values
    (demo, 'program', 'Program', 'choice', array['BSc Computing', 'BSc Nursing', 'LLB', 'MBA'], 1),
    (demo, 'budget', 'Budget a year', 'number', '{}', 2);

  -- holder and creator are the people's numbers above; days: how long the lead has been known.
  insert into public.leads (id, organization_id, first_name, last_name, email, phone, source, status, value, tags, assigned_to,
    created_by, created_at, updated_at, status_since, custom_fields, country, region, team_id)
  select ('0199aa00-0000-7000-8000-0000000002' || lpad(l.number::text, 2, '0'))::uuid, demo, l.first_name, l.last_name, l.email,
    l.phone, l.source, l.status, l.value, l.tags::text[], ('0199aa00-0000-7000-8000-00000000010' || l.holder)::uuid,
    ('0199aa00-0000-7000-8000-00000000010' || l.creator)::uuid, l.since, l.since, l.since + (now() - l.since) / 2,
    jsonb_strip_nulls(jsonb_build_object('program', l.program, 'budget', l.budget)), 'GH', l.region,
    (select t.id from public.teams t where t.organization_id = demo)
  from (
    select v.*, now() - v.days * interval '1 day' - v.number * interval '17 minutes' as since from (values
      (1, 'Akua', 'Bonsu', 'akua.bonsu@example.com', '+233244200201', 'website', 'new', 4200, '{}', null, 4, 0, 'BSc Computing', 4500, 'Greater Accra'),
      (2, 'Kwabena', 'Asare', 'kwabena.asare@example.com', '+233244200202', 'website', 'new', 4200, '{hot}', 3, 4, 0, 'BSc Computing', null, 'Ashanti'),
      (3, 'Serwaa', 'Addo', null, '+233244200203', 'facebook', 'new', 3800, '{}', null, 4, 0, 'BSc Nursing', null, 'Ashanti'),
      (4, 'Ebo', 'Quansah', 'ebo.quansah@example.com', null, 'event', 'new', 6500, '{}', 3, 3, 1, 'MBA', 7000, 'Central'),
      (5, 'Dzifa', 'Agbeko', 'dzifa.agbeko@example.com', '+233204200205', 'referral', 'new', 3800, '{vip}', null, 2, 1, 'BSc Nursing', null, 'Volta'),
      (6, 'Yaa', 'Pokuaa', null, '+233264200206', 'walk-in', 'new', 4200, '{}', 3, 3, 2, null, null, 'Ashanti'),
      (7, 'Selorm', 'Kpodo', 'selorm.kpodo@example.com', '+233244200207', 'website', 'new', 5100, '{}', null, 4, 3, 'LLB', 5000, 'Volta'),
      (8, 'Fiifi', 'Baidoo', 'fiifi.baidoo@example.com', '+233544200208', 'facebook', 'contacted', 4200, '{}', 3, 4, 4, 'BSc Computing', 4000, 'Central'),
      (9, 'Adjoa', 'Eshun', 'adjoa.eshun@example.com', '+233244200209', 'website', 'contacted', 6500, '{hot}', 2, 4, 5, 'MBA', 6500, 'Western'),
      (10, 'Kwaku', 'Ampofo', null, '+233274200210', 'event', 'contacted', 3800, '{}', 3, 3, 6, 'BSc Nursing', null, 'Eastern'),
      (11, 'Naa', 'Lamptey', 'naa.lamptey@example.com', '+233244200211', 'referral', 'contacted', 5100, '{}', 3, 2, 7, 'LLB', null, 'Greater Accra'),
      (12, 'Issah', 'Alhassan', 'issah.alhassan@example.com', '+233204200212', 'website', 'contacted', 4200, '{}', null, 4, 8, 'BSc Computing', 3500, 'Northern'),
      (13, 'Maame', 'Ofosu', 'maame.ofosu@example.com', '+233244200213', 'website', 'qualified', 6500, '{hot,vip}', 2, 2, 10, 'MBA', 8000, 'Ashanti'),
      (14, 'Kobina', 'Essel', 'kobina.essel@example.com', '+233544200214', 'facebook', 'qualified', 4200, '{}', 3, 4, 12, 'BSc Computing', 4200, 'Central'),
      (15, 'Zainab', 'Fuseini', null, '+233264200215', 'event', 'qualified', 3800, '{}', 3, 3, 14, 'BSc Nursing', 3800, 'Upper East'),
      (16, 'Elikem', 'Doe', 'elikem.doe@example.com', '+233244200216', 'referral', 'qualified', 5100, '{vip}', 2, 4, 15, 'LLB', 5500, 'Volta'),
      (17, 'Afia', 'Nyarko', 'afia.nyarko@example.com', '+233244200217', 'website', 'proposal', 6500, '{hot}', 3, 4, 18, 'MBA', 6500, 'Greater Accra'),
      (18, 'Kwadwo', 'Antwi', 'kwadwo.antwi@example.com', '+233204200218', 'walk-in', 'proposal', 4200, '{}', 3, 3, 20, 'BSc Computing', null, 'Bono'),
      (19, 'Mansa', 'Tagoe', 'mansa.tagoe@example.com', '+233274200219', 'website', 'proposal', 5100, '{}', 2, 2, 22, 'LLB', 5000, 'Greater Accra'),
      (20, 'Edem', 'Gbeho', 'edem.gbeho@example.com', '+233244200220', 'facebook', 'won', 4200, '{}', 3, 4, 30, 'BSc Computing', 4200, 'Volta'),
      (21, 'Abla', 'Senyo', null, '+233244200221', 'referral', 'won', 6500, '{vip}', 2, 2, 35, 'MBA', 7000, 'Volta'),
      (22, 'Ato', 'Yankson', 'ato.yankson@example.com', '+233544200222', 'website', 'won', 3800, '{}', 3, 3, 40, 'BSc Nursing', null, 'Central'),
      (23, 'Rashida', 'Iddrisu', 'rashida.iddrisu@example.com', '+233244200223', 'event', 'lost', 4200, '{}', 3, 4, 32, 'BSc Computing', 2000, 'Northern'),
      (24, 'Papa', 'Arthur', 'papa.arthur@example.com', null, 'website', 'lost', 5100, '{}', null, 4, 45, 'LLB', null, 'Western'),
      (25, 'Gifty', 'Amankwah', null, '+233264200225', 'facebook', 'lost', 3800, '{}', 2, 2, 50, null, null, 'Ashanti')
    ) as v (number, first_name, last_name, email, phone, source, status, value, tags, holder, creator, days, program, budget, region)
  ) l;

  insert into public.lead_assignments (organization_id, lead_id, to_user, assigned_by, created_at)
  select demo, l.id, l.assigned_to, l.created_by, l.created_at from public.leads l
  where l.organization_id = demo and l.assigned_to is not null;

  insert into public.students (organization_id, lead_id, first_name, last_name, birth_date, grade, school, created_by)
  select demo, ('0199aa00-0000-7000-8000-0000000002' || s.lead)::uuid, s.first_name, s.last_name, s.birth_date::date, s.grade,
    s.school, '0199aa00-0000-7000-8000-000000000103'
  from (values
    ('02', 'Kwame', 'Asare', '2008-05-17', 'SHS 3', 'Prempeh College'),
    ('06', 'Akosua', 'Pokuaa', '2009-01-30', 'SHS 2', 'St. Louis'),
    ('06', 'Yaw', 'Pokuaa', '2010-11-02', 'SHS 1', 'Opoku Ware'),
    ('08', 'Esi', 'Baidoo', '2008-08-21', 'SHS 3', 'Wesley Girls'''),
    ('15', 'Amina', 'Fuseini', '2007-12-12', null, 'Navrongo'),
    ('20', 'Edem', 'Gbeho', '2006-03-09', null, null)
  ) as s (lead, first_name, last_name, birth_date, grade, school);

  -- Consent of all who have a number but two; one of the others has opted out since.
  insert into public.consents (organization_id, lead_id, phone, event, source, disclosure, disclosure_version, act, occurred_at)
  select demo, l.id, l.phone, 'granted', 'https://demo.signalbox.test/ask',
    'Demo Power may send me texts about its courses, also by automated means. Consent is no condition of any purchase. '
      || 'Message and data rates may apply. Reply STOP to end, HELP for help.',
    '2026-09', 'Ticked an empty box and sent the form', l.created_at
  from public.leads l
  where l.organization_id = demo and l.phone is not null and l.first_name not in ('Gifty', 'Rashida');
  insert into public.suppressions (organization_id, phone, source, reason)
  values (demo, '+233204200205', 'manual', 'Asked for it on the telephone');

  insert into public.templates (id, organization_id, name, category, body)
  values ('0199aa00-0000-7000-8000-000000000301', demo, 'Open day', 'marketing',
    'Hi {{first_name|there}}, meet your teachers at our open day on Saturday. {{organization}}. Reply STOP to opt out.');
  insert into public.template_variants (organization_id, template_id, label, body)
  values (demo, '0199aa00-0000-7000-8000-000000000301', 'Question',
    '{{first_name|Hello}}, what would you like to study? Find out at our open day on Saturday. {{organization}}. Reply STOP to opt out.');
  insert into public.campaigns (id, organization_id, name, audience, created_by)
  values ('0199aa00-0000-7000-8000-000000000401', demo, 'Open day', '{"filter": {}}', '0199aa00-0000-7000-8000-000000000104');
  insert into public.campaign_templates (organization_id, campaign_id, template_id)
  values (demo, '0199aa00-0000-7000-8000-000000000401', '0199aa00-0000-7000-8000-000000000301');
  insert into public.campaign_numbers (organization_id, campaign_id, account_id)
  values (demo, '0199aa00-0000-7000-8000-000000000401', '0199aa00-0000-7000-8000-000000000501');

  -- Through the functions that the API calls, so that the ledger is as it would be. As the admin.
  perform set_config('request.jwt.claims',
    '{"sub": "0199aa00-0000-7000-8000-000000000101", "role": "authenticated"}', true);
  for client in
    select * from (values
      ('Volta Foods', 'enterprise', 'DP-1005', '5200.00', 30, null, null),
      ('Kente & Sons', 'small_business', 'DP-1002', '480.00', 22, null, null),
      ('Osu Hotels', 'enterprise', null, '3900.00', 18, null, null),
      ('Tema Cold Store', 'small_business', null, '760.00', 14, 5, 'price'),
      ('Cape Coast Clinic', 'small_business', null, '1150.00', 11, null, null),
      ('Sunyani Sawmill', 'small_business', null, '640.00', 9, 2, 'competitor'),
      ('Ho Print Shop', 'individual', null, '90.00', 4, null, null)
    ) as c (name, segment, account_number, amount, since, left_after, reason)
  loop
    client_id := public.create_client(demo, jsonb_strip_nulls(jsonb_build_object('name', client.name,
      'segment', client.segment, 'account_number', client.account_number, 'amount', client.amount,
      'since', (current_date - make_interval(months => client.since))::date))) ->> 'id';
    if client.left_after is not null then
      perform public.record_client_movement(demo, client_id, 'churn', jsonb_build_object('reason', client.reason,
        'effective_on', (current_date - make_interval(months => client.left_after))::date));
    end if;
  end loop;
  perform set_config('request.jwt.claims', '', true);
end
$$;
