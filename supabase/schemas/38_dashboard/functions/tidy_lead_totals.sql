-- Nightly: arrivals of past days, and what there are no leads of any more.
create function private.tidy_lead_totals()
returns void
language sql set search_path = ''
as $$
  delete from private.lead_arrivals where quarter_hour < now() - interval '4 days';
  delete from private.lead_totals where leads = 0 and value = 0;
  delete from private.holder_totals where leads = 0;
  delete from private.sla_totals where events = 0;
$$;
