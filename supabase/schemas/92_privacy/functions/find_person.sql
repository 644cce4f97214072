-- The regular expression of a person: numbers, addresses, whole names and account numbers, present and earlier ones.
-- Names of one word and short account numbers are left out: they would be found in texts about others.
create function private.person_mentions(p private.person)
returns text
language sql stable set search_path = ''
as $$
  with earlier as (
    select * from private.earlier_values(p)
  ), names (name) as (
    select l.full_name from public.leads l where l.organization_id = p.organization_id and l.id = any (p.lead_ids)
    union select concat_ws(' ', s.first_name, nullif(s.last_name, '')) from public.students s
    where s.organization_id = p.organization_id and s.lead_id = any (p.lead_ids)
    union select c.name from public.customers c
    where c.organization_id = p.organization_id and c.id = any (p.customer_ids)
    union select c.name from public.clients c where c.organization_id = p.organization_id and c.id = any (p.client_ids)
    union select c.name from public.client_contacts c
    where c.organization_id = p.organization_id and c.id = any (p.contact_ids)
    union select e.name from earlier e
  ), numbers (number) as (
    select c.account_number from public.customers c
    where c.organization_id = p.organization_id and c.id = any (p.customer_ids)
    union select unnest(array[c.account_number, c.external_id]) from public.clients c
    where c.organization_id = p.organization_id and c.id = any (p.client_ids)
    union select unnest(array[e.account_number, e.external_id]) from earlier e
  )
  select coalesce(string_agg(m.part, '|'), '(?!)') from (
    select private.phone_regex(f) from unnest(p.phones) f
    union all select '(?<![[:alnum:]._%+-])' || private.regex_literal(e) || '(?![[:alnum:]])' from unnest(p.emails) e
    union all select '(?<![[:alnum:]])' || private.regex_literal(n.name) || '(?![[:alnum:]])' from names n
    where n.name ~ '\S\s+\S' and length(n.name) >= 6
    union all select '(?<![[:alnum:]])' || private.regex_literal(n.number) || '(?![[:alnum:]])' from numbers n
    where length(n.number) >= 6 and n.number not like 'erased-%'
  ) m (part)
$$;

-- The rows with one of the person's numbers or addresses, and the numbers and addresses of these rows.
create function private.person_widened(p private.person)
returns private.person
language plpgsql stable set search_path = ''
as $$
begin
  p.lead_ids := array(select l.id from public.leads l where l.organization_id = p.organization_id
    and (l.id = any (p.lead_ids) or l.phone = any (p.phones) or l.email = any (p.emails)
      or l.merged_into = any (p.lead_ids)
      or l.id in (select m.merged_into from public.leads m
        where m.organization_id = p.organization_id and m.id = any (p.lead_ids))));
  p.customer_ids := array(select c.id from public.customers c where c.organization_id = p.organization_id
    and (c.id = any (p.customer_ids) or c.phone = any (p.phones)));
  p.client_ids := array(select c.id from public.clients c where c.organization_id = p.organization_id
    and (c.id = any (p.client_ids) or c.phone = any (p.phones) or c.email = any (p.emails)));
  p.contact_ids := array(select c.id from public.client_contacts c where c.organization_id = p.organization_id
    and (c.client_id = any (p.client_ids) or c.phone = any (p.phones) or c.email = any (p.emails)));
  p.phones := array(
    select distinct s from (
      select unnest(p.phones) as phone
      union select l.phone from public.leads l where l.id = any (p.lead_ids)
      union select c.phone from public.customers c where c.id = any (p.customer_ids)
      union select c.phone from public.clients c where c.id = any (p.client_ids)
      union select c.phone from public.client_contacts c where c.id = any (p.contact_ids)
    ) n, unnest(private.phone_spellings(n.phone)) s where n.phone is not null and s not like '+999%');
  p.emails := array(
    select distinct e.email from (
      select unnest(p.emails) as email
      union select l.email from public.leads l where l.id = any (p.lead_ids)
      union select c.email from public.clients c where c.id = any (p.client_ids)
      union select c.email from public.client_contacts c where c.id = any (p.contact_ids)
    ) e where e.email is not null);
  return p;
end
$$;

-- The person with what has come since: rows with a number or address of theirs, other numbers and addresses of their
-- rows. 409 beyond 50 records, as when it was asked for.
create function private.with_late_rows(p private.person)
returns private.person
language plpgsql stable set search_path = ''
as $$
declare
  found private.person := p;
  late private.person := p;
begin
  late.lead_ids := array(select l.id from public.leads l where l.organization_id = p.organization_id
    and (l.phone = any (p.phones) or l.email = any (p.emails)) and l.id <> all (p.lead_ids));
  late.customer_ids := array(select c.id from public.customers c where c.organization_id = p.organization_id
    and c.phone = any (p.phones) and c.id <> all (p.customer_ids));
  late.client_ids := array(select c.id from public.clients c where c.organization_id = p.organization_id
    and (c.phone = any (p.phones) or c.email = any (p.emails)) and c.id <> all (p.client_ids));
  late.contact_ids := array(select c.id from public.client_contacts c where c.organization_id = p.organization_id
    and (c.phone = any (p.phones) or c.email = any (p.emails)) and c.id <> all (p.contact_ids));
  late.ids := late.lead_ids || late.customer_ids || late.client_ids || late.contact_ids;
  found.lead_ids := p.lead_ids || late.lead_ids;
  found.customer_ids := p.customer_ids || late.customer_ids;
  found.client_ids := p.client_ids || late.client_ids;
  found.contact_ids := p.contact_ids || late.contact_ids;
  found.ids := p.ids || late.ids;
  found := private.with_earlier_addresses(found);
  late.phones := array(select unnest(found.phones) except select unnest(p.phones));
  late.emails := array(select unnest(found.emails) except select unnest(p.emails));
  if late.ids = '{}' and late.phones = '{}' and late.emails = '{}' then
    return p;
  end if;
  perform private.require_one_person(cardinality(found.ids));
  -- What was erased before has no name any more, so what was known of it stays.
  found.mentions := p.mentions || '|' || private.person_mentions(late);
  found.ids_pattern := coalesce(nullif(array_to_string(found.ids, '|'), ''), '(?!)');
  return found;
end
$$;

-- Raises 409 where so many records share a number or address.
create function private.require_one_person(records integer)
returns void
language plpgsql stable set search_path = ''
as $$
begin
  if records > 50 then
    perform private.problem(409, 'shared_address', 'More than 50 records share this number or address, so it is not '
      'one person''s. Change it where it does not belong, or name another.');
  end if;
end
$$;

-- Who is meant: the rows that the request names, those with the same number or address, and once more those with the
-- numbers and addresses of these; with the numbers and addresses that these rows had before.
create function private.find_person(organization_id uuid, subject jsonb)
returns private.person
language plpgsql stable set search_path = ''
as $$
declare
  p private.person;
begin
  p.organization_id := organization_id;
  p.phones := private.phone_spellings(subject ->> 'phone');
  p.phones := array(select f from unnest(p.phones) f where f is not null);
  p.emails := array_remove(array[lower(subject ->> 'email')], null);
  p.lead_ids := array_remove(array[(subject ->> 'lead_id')::uuid], null);
  p.customer_ids := array_remove(array[(subject ->> 'customer_id')::uuid], null);
  p.client_ids := array_remove(array[(subject ->> 'client_id')::uuid], null);
  p.contact_ids := '{}';
  p := private.person_widened(private.person_widened(p));
  p.ids := p.lead_ids || p.customer_ids || p.client_ids || p.contact_ids;
  p := private.with_earlier_addresses(p);
  p.ids_pattern := coalesce(nullif(array_to_string(p.ids, '|'), ''), '(?!)');
  p.mentions := private.person_mentions(p);
  return p;
end
$$;
