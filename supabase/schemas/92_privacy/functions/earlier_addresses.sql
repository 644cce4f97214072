-- What the audit log says of the person's own rows: their values before and after each change.
create function private.earlier_values(p private.person)
returns table (phone text, email text, name text, account_number text, external_id text)
language sql stable set search_path = ''
as $$
  select distinct v.data ->> 'phone', lower(v.data ->> 'email'),
    coalesce(v.data ->> 'full_name', v.data ->> 'name',
      nullif(concat_ws(' ', nullif(v.data ->> 'first_name', ''), nullif(v.data ->> 'last_name', '')), '')),
    v.data ->> 'account_number', v.data ->> 'external_id'
  from (
    select 'leads' as resource, unnest(p.lead_ids) as id
    union all select 'customers', unnest(p.customer_ids)
    union all select 'clients', unnest(p.client_ids)
    union all select 'client_contacts', unnest(p.contact_ids)
    union all select 'students', s.id from public.students s
    where s.organization_id = p.organization_id and s.lead_id = any (p.lead_ids)
  ) r
  join public.audit_logs a on a.organization_id = p.organization_id and a.resource = r.resource and a.resource_id = r.id
  cross join lateral (values (a.before), (a.after)) v (data)
  where jsonb_typeof(v.data) = 'object'
$$;

-- Numbers that rows of the person have or had: by the audit log, and by texts, conversations and consents that are
-- linked to these rows.
create function private.phones_of_rows(p private.person)
returns text[]
language sql stable set search_path = ''
as $$
  select coalesce(array_agg(distinct n.phone), '{}') from (
    select e.phone from private.earlier_values(p) e
    union select l.phone from public.leads l where l.organization_id = p.organization_id and l.id = any (p.lead_ids)
    union select c.phone from public.customers c
    where c.organization_id = p.organization_id and c.id = any (p.customer_ids)
    union select c.phone from public.clients c where c.organization_id = p.organization_id and c.id = any (p.client_ids)
    union select c.phone from public.client_contacts c
    where c.organization_id = p.organization_id and c.id = any (p.contact_ids)
    union select case m.direction when 'outbound' then m.to_number else m.from_number end from public.messages m
    where m.organization_id = p.organization_id and m.customer_id = any (p.customer_ids)
    union select case m.direction when 'outbound' then m.to_number else m.from_number end from public.messages m
    where m.organization_id = p.organization_id and m.lead_id = any (p.lead_ids)
    union select c.phone from public.conversations c
    where c.organization_id = p.organization_id and c.lead_id = any (p.lead_ids)
    union select c.phone from public.conversations c
    where c.organization_id = p.organization_id and c.customer_id = any (p.customer_ids)
    union select c.phone from public.consents c
    where c.organization_id = p.organization_id and c.lead_id = any (p.lead_ids)
  ) n
  where n.phone ~ '^\+[1-9][0-9]{6,14}$' and n.phone not like '+999%'
$$;

-- Those of these numbers that another record has, or with which texts of another record were exchanged.
create function private.phones_of_others(p private.person, phones text[])
returns text[]
language sql stable set search_path = ''
as $$
  select coalesce(array_agg(distinct o.phone), '{}') from (
    select l.phone from public.leads l where l.organization_id = p.organization_id
      and l.phone = any (phones_of_others.phones) and l.id <> all (p.lead_ids)
    union all select c.phone from public.customers c where c.organization_id = p.organization_id
      and c.phone = any (phones_of_others.phones) and c.id <> all (p.customer_ids)
    union all select c.phone from public.clients c where c.organization_id = p.organization_id
      and c.phone = any (phones_of_others.phones) and c.id <> all (p.client_ids)
    union all select c.phone from public.client_contacts c where c.organization_id = p.organization_id
      and c.phone = any (phones_of_others.phones) and c.id <> all (p.contact_ids)
    union all select m.to_number from public.messages m where m.organization_id = p.organization_id
      and m.to_number = any (phones_of_others.phones) and m.direction = 'outbound'
      and (m.lead_id <> all (p.lead_ids) or m.customer_id <> all (p.customer_ids))
    union all select m.from_number from public.messages m where m.organization_id = p.organization_id
      and m.from_number = any (phones_of_others.phones) and m.direction = 'inbound'
      and (m.lead_id <> all (p.lead_ids) or m.customer_id <> all (p.customer_ids))
    union all select c.phone from public.conversations c where c.organization_id = p.organization_id
      and c.phone = any (phones_of_others.phones)
      and (c.lead_id <> all (p.lead_ids) or c.customer_id <> all (p.customer_ids))
  ) o
$$;

-- Those of these addresses that another record has.
create function private.emails_of_others(p private.person, emails text[])
returns text[]
language sql stable set search_path = ''
as $$
  select coalesce(array_agg(distinct o.email), '{}') from (
    select l.email from public.leads l where l.organization_id = p.organization_id
      and l.email = any (emails_of_others.emails) and l.id <> all (p.lead_ids)
    union all select c.email from public.clients c where c.organization_id = p.organization_id
      and c.email = any (emails_of_others.emails) and c.id <> all (p.client_ids)
    union all select c.email from public.client_contacts c where c.organization_id = p.organization_id
      and c.email = any (emails_of_others.emails) and c.id <> all (p.contact_ids)
  ) o
$$;

-- The person with the numbers and addresses that their rows have or had, where these are nobody else's. No further rows
-- are looked for by them: whoever had a number before need not be who has it today.
create function private.with_earlier_addresses(p private.person)
returns private.person
language plpgsql stable set search_path = ''
as $$
declare
  phones text[] := array(
    select distinct s from unnest(private.phones_of_rows(p)) n, unnest(private.phone_spellings(n)) s
    where s <> all (p.phones));
  emails text[] := array(
    select distinct e.email from private.earlier_values(p) e
    where e.email ~ '^[^@\s]+@[^@\s]+$' and e.email <> all (p.emails));
  others text[] := case when phones = '{}' then phones else private.phones_of_others(p, phones) end;
begin
  -- A number is another's in all its spellings.
  others := array(select n from unnest(phones) n where private.phone_spellings(n) && others);
  p.unclear_phones := array(select unnest(p.unclear_phones) union select unnest(others) order by 1);
  p.phones := p.phones || array(select unnest(phones) except select unnest(p.unclear_phones) order by 1);
  p.emails := p.emails || array(
    select unnest(emails) except select unnest(private.emails_of_others(p, emails)) order by 1);
  return p;
end
$$;
