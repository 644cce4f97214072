-- Adds rolled-up sums to the days of their organizations' time zones, or subtracts them (sign -1).
create function private.add_message_days(sums private.message_outcome_totals[], sign integer)
returns void
language sql set search_path = ''
as $$
  insert into private.message_day_totals as d
  select s.organization_id, (s.quarter_hour at time zone o.time_zone)::date, s.campaign_id, s.account_id, s.status,
    s.error_code, s.currency, sign * sum(s.messages), sign * sum(s.segments), sign * sum(s.cost), sign * sum(s.replied),
    sign * sum(s.opted_out), sign * sum(s.answers), sign * sum(s.received)
  from unnest(sums) s join public.organizations o on o.id = s.organization_id
  group by 1, 2, 3, 4, 5, 6, 7
  on conflict on constraint message_day_totals_once do update set messages = d.messages + excluded.messages,
    segments = d.segments + excluded.segments, cost = d.cost + excluded.cost, replied = d.replied + excluded.replied,
    opted_out = d.opted_out + excluded.opted_out, answers = d.answers + excluded.answers,
    received = d.received + excluded.received
$$;

-- Sums that are rolled up are counted by day in the same statement, so that days plus pending deltas are complete at
-- any moment. Security definer because counters may not be written by any role.
create function private.add_to_message_days()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  if tg_op = 'UPDATE' then
    perform private.add_message_days(array(select o::private.message_outcome_totals from old_rows o where o.rolled_up),
      -1);
  end if;
  perform private.add_message_days(array(select n::private.message_outcome_totals from new_rows n where n.rolled_up),
    1);
  return null;
end
$$;
