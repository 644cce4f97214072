-- When texts to those of these recipients who are no customers may arrive, one row for each number and lead, as
-- person_sends_at has it for one: as an answer within the organization's hours, otherwise within the law's. Windows are
-- computed once for each place.
create function private.sending_times(organization public.organizations, recipients jsonb)
returns table (phone text, lead_id uuid, legal_hours_from timestamptz, send_after timestamptz)
language plpgsql stable set search_path = '' set jit = off
as $$
begin
  return query
  with others as materialized (
    select distinct x."to", x.lead_id from private.batch_rows(recipients) x where x.customer_id is null
  ), answered as materialized (
    select m.from_number, max(m.created_at) + private.answer_period() as ends from public.messages m
    where m.organization_id = organization.id and m.from_number = any (array(select o."to" from others o))
      and m.direction = 'inbound' and m.id >= private.uuid_v7_floor(now() - private.answer_period())
    group by 1
  ), located as materialized (
    select o."to", o.lead_id, coalesce(a.ends, now()) as hours_from, l.country, l.region, l.time_zone,
      row(left(o."to", 5), l.country, l.region, l.time_zone)::text as place
    from others o
    -- Found by the id alone, as in target_verdicts.
    left join public.leads l on (l.organization_id = organization.id) is true and l.id = o.lead_id
    left join answered a on a.from_number = o."to"
  ), places as materialized (
    select p.place, coalesce(w.sends_at, now() + interval '1 day') as sends_at
    from (select distinct on (g.place) g.* from located g where g.hours_from <= now()) p
    cross join lateral private.contact_window(organization, 'marketing', p."to", p.country, p.region, p.time_zone, now()) w
  )
  select g."to", g.lead_id, g.hours_from, case when g.hours_from > now() then private.next_sending_time(organization, now())
    else p.sends_at end
  from located g left join places p on p.place = g.place;
end
$$;
