-- What the rows say about service: the first day with what is paid, the last, or what is paid from today on. Entering
-- the same again changes nothing. A day to come is planned.
create function private.write_client_import_service(import public.lead_imports, rows jsonb, written jsonb, today date)
returns void
language plpgsql set search_path = '' set jit = off
as $$
declare
  client_ids uuid[] := array(select (w ->> 'client_id')::uuid from jsonb_array_elements(written) w);
  entries private.client_entry[];
  plan record;
  client public.clients;
begin
  with clients as materialized (
    select c.* from public.clients c where (c.organization_id = import.organization_id) is true and c.id = any (client_ids)
  ), spells as materialized (
    select s.client_id, s.starts_on, s.ends_on from public.client_spells s
    where s.organization_id = import.organization_id and s.client_id = any (client_ids)
  ), given as materialized (
    select c.*, r.since as first_day, r.churned_on, coalesce(r.churn_reason, 'unknown') as reason,
      coalesce(r.mrr, 0) as amount, r.mrr is not null as has_amount, coalesce(r.currency, c.currency) as paid_in,
      r.trial, coalesce(r.since, case when c.spell_started_on is null and r.churned_on is null
        and (r.mrr is not null or r.trial) then today end) as starts_on
    from private.client_import_rows(rows) r
    join jsonb_to_recordset(written) as w ("row" integer, client_id uuid) on w."row" = r."row"
    join clients c on c.id = w.client_id
  ), begun as (
    -- What is known to have begun on that day is not entered again: later amounts of it stay in force.
    select g.* from given g
    where g.starts_on <= today and not exists (
      select from spells s where s.client_id = g.id and s.starts_on = g.starts_on)
  )
  select array_agg(e) into entries from (
    select row(b.id, b.starts_on, 'amount', '', b.amount, b.paid_in,
      case when b.since is null or b.since > b.starts_on then b.segment end, null, null,
      greatest(b.starts_on, coalesce(import.observed_from, today)))::private.client_entry as e
    from begun b where not b.trial
    union all
    select row(b.id, b.starts_on, 'trial', '', null, b.paid_in, b.segment, null, null, null)::private.client_entry
    from begun b where b.trial and b.status = 'prospect'
    union all
    select row(g.id, g.churned_on, 'end', k.contract, null, null, null, g.reason, g.reason not in ('payment', 'closed'),
      null)::private.client_entry
    from given g
    join (
      select k.client_id, k.contract from private.contracts_before(
        array(select g.id from given g where g.churned_on <= today),
        array(select g.churned_on from given g where g.churned_on <= today)) k
      union
      select b.id, '' from begun b where not b.trial
    ) k on k.client_id = g.id
    where g.churned_on <= today and not exists (
      select from spells s where s.client_id = g.id and s.ends_on = g.churned_on)
    union all
    select row(g.id, today, 'amount', '', g.amount, g.paid_in, null, null, null, today)::private.client_entry
    from given g
    where g.has_amount and g.churned_on is null and g.status in ('active', 'leaving')
      and coalesce(g.first_day, g.spell_started_on) = g.spell_started_on
      and (g.amount, g.paid_in) is distinct from (g.mrr, g.currency)
  ) x;
  if entries is not null then
    perform private.post_entries(import.organization_id, entries, '{}', 'entry');
  end if;
  for plan in
    select w.client_id, d.movement, d.day, d.details
    from private.client_import_rows(rows) r
    join jsonb_to_recordset(written) as w ("row" integer, client_id uuid) on w."row" = r."row"
    cross join lateral (values
      ('mrr', r.since, jsonb_build_object('amount', coalesce(r.mrr, 0)::numeric(14, 2)::text, 'currency', r.currency)),
      ('churn', r.churned_on, jsonb_build_object('reason', r.churn_reason))) d (movement, day, details)
    where d.day > today order by w.client_id, d.day
  loop
    select * into client from public.clients c
    where (c.organization_id = import.organization_id) is true and c.id = plan.client_id;
    perform private.plan_movement(client, plan.movement, jsonb_strip_nulls(plan.details), plan.day);
  end loop;
end
$$;

-- Writes rows of an import of clients, of which no two are about the same one.
create function private.write_client_import_rows(import public.lead_imports, rows jsonb)
returns private.import_counts
language plpgsql set search_path = ''
as $$
declare
  today date := private.local_day(import.organization_id);
  counts private.import_counts := row(0, 0, 0, 0);
  validation jsonb;
  created jsonb;
  known jsonb;
begin
  -- The order of locks of all that change several clients: by id.
  perform from public.clients c
  where (c.organization_id = import.organization_id) is true
    and c.id = any (array(select m.client_id from private.match_client_rows(import.organization_id, rows) m))
  order by c.id for update;
  validation := private.validate_client_import_rows(import, rows, today);
  created := private.insert_client_import_rows(import, rows, validation);
  known := (
    select coalesce(jsonb_agg(jsonb_build_object('row', j -> 'row', 'client_id', j -> 'client_id')), '[]')
    from jsonb_array_elements(validation) j where j ->> 'reason' is null);
  perform private.update_client_import_rows(import, rows, known, today);
  perform private.write_client_import_contacts(import, rows, created || known);
  perform private.write_client_import_service(import, rows, created || known, today);
  perform private.link_clients(import.organization_id, array(
    select (w ->> 'client_id')::uuid from jsonb_array_elements(created || known) w));
  insert into private.lead_import_rows (import_id, record_id, "row")
  select import.id, (w ->> 'client_id')::uuid, (w ->> 'row')::integer from jsonb_array_elements(created || known) w
  on conflict do nothing;
  perform private.record_import_errors(import.id, rows, validation);
  select jsonb_array_length(created), jsonb_array_length(known), count(*) filter (where j ->> 'kind' = 'skipped'),
    count(*) filter (where j ->> 'kind' = 'invalid')
  into counts from jsonb_array_elements(validation) j;
  return counts;
end
$$;
