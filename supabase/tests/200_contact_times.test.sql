-- When a message may arrive: the rows are consistent, the windows right, and no role may call the functions.
begin;
\ir support.inc
select plan(80);
do $$ begin perform tests.arrange(); end $$;

-- Rows
select is_empty($$
  select zone from (select unnest(time_zones) as zone from private.area_codes union select unnest(time_zones)
    from private.region_zones union select unnest(time_zones) from private.country_zones) z
  where not private.is_time_zone(zone)
$$, 'Every zone is one that the database knows.');
select is_empty($$
  select a.code, zone from private.area_codes a, unnest(a.time_zones) zone
  where a.region is not null and not exists (
    select from private.region_zones r where r.country = a.country and r.region = a.region
      and exists (select from unnest(r.time_zones) z
        where (timestamp '2027-01-15' at time zone z) = (timestamp '2027-01-15' at time zone zone)
          and (timestamp '2027-07-15' at time zone z) = (timestamp '2027-07-15' at time zone zone)))
$$, 'No area code has a zone that its region lacks.');
select is((select count(distinct region) from private.region_zones where country = 'US'), 56::bigint,
  'All states, the capital and five territories have zones.');
select is((select count(*) from private.region_zones where country = 'CA'), 13::bigint,
  'All provinces and territories of Canada have zones.');
select is_empty($$
  select r.country, r.region from private.region_zones r
  where r.region not in ('NS', 'PE', 'NT', 'NU', 'YT') -- These share their area codes.
    and not exists (select from private.area_codes a where a.country = r.country and coalesce(a.region, '') = r.region)
$$, 'Every region has an area code.');
select is_empty($$
  select country from private.calling_codes where country <> '001'
    and country not in (select z.country from private.country_zones z)
$$, 'Every country with a calling code has zones.');
select is_empty($$select prefix from private.calling_codes where char_length(prefix) > 4$$,
  'A number''s first four digits tell its country.');
select cmp_ok((select count(*) from private.area_codes), '>', 450::bigint, 'The whole numbering plan is there.');
select is_empty($$
  select * from (
    select 'window' as rule, source, effective_from from private.contact_windows union all select 'cap', source,
      effective_from from private.contact_caps
    union all select 'holiday ' || name, source, day from private.holidays union all select 'reply rule ' || pattern,
    source, effective_from from public.reply_rules
    union all select 'shortener ' || host, source, effective_from from private.link_shorteners
    union all select 'area code ' || code, source, '-infinity' from private.area_codes union all select 'zone of '
      || region, source, '-infinity' from private.region_zones
    union all select 'zones of ' || country, source, '-infinity' from private.country_zones
  ) r where btrim(coalesce(source, '')) = '' or effective_from is null
$$, 'Every rule has a source and a first day, every fact a source.');
select is_empty($$
  select country, region from private.contact_windows w where region is not null
    and not exists (select from private.region_zones r where r.country = w.country and r.region = w.region)
$$, 'Every window belongs to a known region.');
select is((select count(*) from private.holidays where country = 'US' and region = '' and day between y and y + 364
  and name not like '%(observed)'), 11::bigint, format('The eleven federal holidays of %s.', extract(year from y)))
from generate_series(timestamp '2024-01-01', '2032-01-01', '1 year') t, lateral (select t::date as y) y;
select results_eq($$select day, name from private.holidays where region = '' and day between '2027-05-01'
  and '2027-07-31' order by 1$$, $$values (date '2027-05-31', 'Memorial Day'),
  ('2027-06-18', 'Juneteenth National Independence Day (observed)'),
    ('2027-06-19', 'Juneteenth National Independence Day'), ('2027-07-04', 'Independence Day'),
    ('2027-07-05', 'Independence Day (observed)')$$,
  'A holiday on a weekend is observed on the working day beside it.');

-- Where a recipient is
create function tests.zones(places private.contact_place[]) returns text[] language sql as $$
  select string_to_array(private.zones_of(places), ',')
$$;
select is(tests.zones(private.recipient(phone, country, region, stated, 'Africa/Accra')), zones::text[], what) from (values
  ('+13055550100', null, null, null, '{America/New_York}', 'The area code tells the zone.'),
  ('+18505550100', null, null, null, '{America/New_York,America/Chicago}', 'An area code may have two.'),
  ('+13055550100', 'US', 'CA', null, '{America/Los_Angeles}', 'An address takes precedence over the area code.'),
  ('+13055550100', 'us', ' california ', null, '{America/Los_Angeles}',
    'An address is read in any case and with blanks.'),
  ('+13055550100', 'CA', 'Québec', null, '{America/Toronto,America/Halifax}', 'An address is read with accents.'),
  ('+13055550100', null, 'CA', null, '{America/Los_Angeles}',
    'A region without a country is one of the number''s country.'),
  ('+13055550100', 'US', 'AZ', 'Asia/Tokyo', '{America/Phoenix,America/Denver}',
    'An address takes precedence over a stated zone.'),
  ('+13055550100', null, null, 'America/Los_Angeles', '{America/Los_Angeles}',
    'A stated zone takes precedence over the area code.'),
  ('+13055550100', null, null, 'Asia/Tokyo', '{Asia/Tokyo,America/New_York}',
    'One outside North America contradicts the number: the hours must suit both.'),
  ('+15005550100', null, null, 'Africa/Accra',
    '{Africa/Accra,America/New_York,America/Chicago,America/Denver,America/Los_Angeles}',
    'And so it does where the area code is not known.'),
  ('+13055550100', null, null, 'Mars/Olympus', '{America/New_York}', 'A stated zone must be a time zone.'),
  ('+13055550100', 'US', 'Nowhere', null, '{America/New_York}', 'An unknown region is ignored.'),
  ('+15005550100', null, null, null, '{America/New_York,America/Chicago,America/Denver,America/Los_Angeles}',
    'An unknown area code may be anywhere on the continent.'),
  ('+18765550100', 'JM', 'St. Andrew', null, '{America/Jamaica}', 'A country without regions has one row.'),
  ('+17875550100', 'PR', null, null, '{America/Puerto_Rico}', 'A territory may be given as a country.'),
  ('+13055550100', 'GH', null, null, '{Africa/Accra,America/New_York}',
    'A country that is not the area code''s contradicts it: the hours must suit both.'),
  ('+13055550100', 'JM', null, null, '{America/Jamaica,America/New_York}',
    'And so does another country of North America.'),
  ('+13055550100', 'GH', null, 'America/Chicago', '{America/Chicago}', 'The stated zone decides between them.'),
  ('+13055550100', 'XX', null, null, '{America/New_York}', 'A country that there is not has no zone.'),
  ('+233244000001', null, null, null, '{Africa/Accra}', 'Outside North America the calling code tells the zone.'),
  ('+61491570156', null, null, 'Australia/Hobart', '{Australia/Hobart}',
    'A stated zone that a part of the country has takes precedence.'),
  ('+233244000001', null, null, 'Africa/Abidjan', '{Africa/Abidjan}', 'Whatever its name.'),
  ('+233244000001', null, null, 'Asia/Tokyo', '{Asia/Tokyo,Africa/Accra}',
    'One that no part of the country has contradicts the number.'),
  ('+233244000001', 'NG', null, null, '{Africa/Lagos,Africa/Accra}', 'And so does another country.'),
  ('+233244000001', 'US', 'FL', 'Asia/Tokyo', '{America/New_York,America/Chicago,Africa/Accra}',
    'Or an address in North America.'),
  ('+77012345678', null, null, null, '{Asia/Almaty}', 'The longest calling code counts.'),
  ('+8835100012345', null, null, null, '{Africa/Accra}', 'A number of no country follows the organization''s time zone.')
) v (phone, country, region, stated, zones, what);
select is((
  select string_agg(distinct concat_ws('-', r.country, r.region), ' ' order by concat_ws('-', r.country, r.region))
  from unnest(private.recipient(phone, country, region, null, 'Africa/Accra')) r), place, what) from (values
  ('+13055550100', null, null, 'US-FL', 'The area code tells the state.'),
  ('+13055550100', 'US', 'texas', 'US-TX', 'The address takes precedence over the area code''s state.'),
  ('+13055550100', 'US', null, 'US-FL', 'A country alone leaves it to the area code.'),
  ('+13055550100', 'CA', null, 'CA US-FL', 'A country that is not the area code''s does not cancel its law.'),
  ('+13055550100', 'GH', null, 'GH US-FL', 'Nor does one outside North America.'),
  ('+14165550100', 'US', null, 'CA-ON US', 'Nor does the United States that of a Canadian number.'),
  ('+18005550100', null, null, 'US', 'A toll-free number belongs to no state.'),
  ('+17875550100', 'PR', null, 'US-PR', 'A territory keeps the law of the United States.')
) v (phone, country, region, place, what);
select is((private.contact_cap('+13055550100', country, null, '2027-07-15')).messages, messages, what) from (values
  ('US', 3, 'Florida has a cap.'),
  ('GH', 3, 'A country that is not the area code''s does not cancel it.'),
  ('CA', 3, 'Nor does Canada.')
) v (country, messages, what);

-- Windows
create function tests.opens(phone text, at text, category text default 'marketing',
  quiet text[] default null, country text default null, stated text default null, home text default 'Europe/Berlin')
  returns text language sql as $$
  select to_char(w.sends_at at time zone 'UTC', 'Dy DD HH24:MI') || ' - '
    || coalesce(to_char(w.closes_at at time zone 'UTC', 'Dy DD HH24:MI'), 'for ever')
  from jsonb_populate_record(null::public.organizations, jsonb_build_object('time_zone', opens.home,
      'quiet_hours_start', quiet[1], 'quiet_hours_end', quiet[2])) o,
    private.contact_window(o, opens.category, opens.phone, opens.country, null, opens.stated, opens.at::timestamptz) w
$$;
select is(tests.opens(phone, at), opening, what) from (values
  ('+13055550100', '2027-07-15 20:00-04', 'Fri 16 12:00 - Sat 17 00:00', 'Florida closes at 8 in the evening.'),
  ('+12145550100', '2027-07-18 11:59-05', 'Sun 18 17:00 - Mon 19 02:00', 'Texas opens at noon on a Sunday.'),
  ('+12055550100', '2027-07-18 12:00-05', 'Mon 19 13:00 - Tue 20 01:00', 'Alabama allows nothing on Sundays.'),
  ('+12055550100', '2027-05-31 12:00-05', 'Tue 01 13:00 - Wed 02 01:00', 'Alabama allows nothing on holidays.'),
  ('+14045550100', '2027-05-31 12:00-04', 'Mon 31 16:00 - Tue 01 01:00', 'Georgia allows holidays.'),
  ('+18085550100', '2027-07-15 08:00-04', 'Thu 15 18:00 - Fri 16 07:00', 'Hawaii opens later by its own clock.'),
  ('+18765550100', '2027-07-15 04:00-05', 'Thu 15 13:00 - Fri 16 02:00',
    'Elsewhere in North America the hours of the United States apply.'),
  -- The clocks go back on 7 November 2027 at 2 in the morning.
  ('+14045550100', '2027-11-06 22:00-04', 'Sun 07 13:00 - Mon 08 02:00',
    'The night in which the clocks change is an hour longer.')
) v (phone, at, opening, what);
select is(tests.opens('+14045550100', '2027-07-15 22:00Z', 'service', '{21:00,08:00}'), 'Fri 16 06:00 - Fri 16 19:00',
  'A service message keeps the organization''s quiet hours in its time zone.');
select is(tests.opens('+14045550100', '2027-07-15 22:00Z', 'service'), 'Thu 15 22:00 - for ever',
  'A service message without quiet hours may arrive at any hour.');
select is(tests.opens('+14045550100', '2027-07-15 22:00Z', 'marketing', '{17:00,11:00}'), 'Fri 16 15:00 - Fri 16 21:00',
  'Marketing keeps the quiet hours in the recipient''s time zone.');
select is(tests.opens('+233244000001', at, 'marketing', '{21:00,08:00}', country, stated, 'America/Los_Angeles'), opening, what)
from (values
  ('2027-07-15 20:59-07', null, null, 'Fri 16 08:00 - Fri 16 21:00', 'Quiet hours hold where a number outside North America is.'),
  ('2027-07-15 20:59-07', 'US', 'Africa/Accra', 'Fri 16 08:00 - Fri 16 21:00', 'And where the lead says that they live.'),
  ('2027-07-15 20:59-07', null, 'Asia/Tokyo', 'Fri 16 08:00 - Fri 16 12:00', 'If the number is from elsewhere, at both places.')
) v (at, country, stated, opening, what);
select is(tests.opens('+233244000001', '2027-07-15 03:00Z'), 'Thu 15 03:00 - for ever',
  'Without quiet hours nothing is known that forbids a text outside North America.');
select is(tests.opens('+13055550100', at, country => country), opening, what) from (values
  ('2027-07-15 20:30-04', 'GH', 'Fri 16 12:00 - Fri 16 21:00', 'A lead of another country is not texted when the area code''s state forbids it,'),
  ('2027-07-15 18:00-04', 'GH', 'Fri 16 12:00 - Fri 16 21:00', 'nor at night in that country.'),
  ('2027-07-15 21:15-04', 'CA', 'Fri 16 16:00 - Sat 17 00:00', 'The hours of Canada and of Florida must both hold.'),
  ('2027-07-17 09:00-04', 'CA', 'Sat 17 17:00 - Sat 17 20:30', 'Those of the weekend, too.')
) v (at, country, opening, what);
select is(tests.opens('+14045550100', '2027-07-15 22:00Z', 'marketing', '{08:00,07:00}'), null,
  'Hours that never overlap give no moment.');

-- Access
select is_empty($$
  select p.proname, r.rolname from pg_proc p, unnest(array['anon', 'authenticated', 'service_role']) r (rolname)
  where p.pronamespace = 'private'::regnamespace
    and p.proname in ('contact_window', 'recipient', 'places_of_number', 'area_window', 'area_cap')
    and has_function_privilege(r.rolname, p.oid, 'execute')
$$, 'Only functions of the database may call these.');
select is(tests.outcome('admin', 'select 1 from private.contact_windows'), '42501',
  'The rows can be read through functions only.');

select * from finish();
rollback;
