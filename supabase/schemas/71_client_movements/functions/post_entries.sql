-- Which entries take each other's place: one of a kind for a client (and contract) and day.
create function private.entry_slot(entry text, contract text)
returns text
language sql immutable parallel safe set search_path = ''
as $$
  select case
    when entry in ('amount', 'end') then 'contract ' || contract
    when entry in ('pause', 'resume') then 'pause'
    when entry in ('notice', 'notice_withdrawn') then 'notice'
    else entry end
$$;

-- The ledger rows of clients that count now.
create function private.current_movements(client_ids uuid[])
returns public.client_movements[]
language sql stable set search_path = ''
as $$
  select coalesce(array_agg(m), '{}') from private.effective_movements(client_ids) m
$$;

-- Enters what is new and takes back what is withdrawn (ids of ledger rows), for clients of one organization whose rows
-- the caller has locked. What follows from all entries of a client is compared with its rows of the ledger: rows that
-- do not follow any more are reversed on their own day, missing ones are added, all with the same time of recording.
-- For security definer functions.
create function private.post_entries(
  organization_id uuid, added private.client_entry[], withdrawn uuid[], cause text)
returns void
language plpgsql set search_path = '' set jit = off
as $$
declare
  rows public.client_movements[];
  touched uuid[] := array(
    select a.client_id from unnest(added) a
    union
    select m.client_id from public.client_movements m where m.id = any (withdrawn));
  entries private.client_entry[];
  recorded timestamptz;
begin
  rows := private.current_movements(touched);
  -- After the locks, and later than all rows of these clients: the time tells what was known before.
  recorded := greatest(clock_timestamp(), (
    select max(m.recorded_at) from public.client_movements m where m.client_id = any (touched))
    + interval '1 microsecond');
  -- The first entry of a client names its segment, also when the one that did is taken back.
  entries := added || array(
    select row(m.client_id, m.day, m.entry, m.contract, m.contract_mrr, m.entry_currency, case
        when row_number() over (partition by m.client_id order by m.day, m.place) = 1
        then coalesce(m.entry_segment, m.segment) else m.entry_segment end,
      m.reason, m.voluntary, m.observed_from)::private.client_entry
    from unnest(rows) m
    left join unnest(added) a on a.client_id = m.client_id and a.day = m.day
      and private.entry_slot(a.entry, a.contract) = private.entry_slot(m.entry, m.contract)
    left join unnest(withdrawn) w on w = m.id
    where m.entry is not null and a.client_id is null and w is null);
  with wanted as materialized (
    select f.client_id, f.day, f.place, f.kind, f.amount, f.client_change, coalesce(f.currency, c.currency) as currency,
      coalesce(f.segment, c.segment) as segment, f.mrr_after, f.status_after, f.entry, f.contract, f.contract_mrr,
      f.entry_currency, f.entry_segment, f.reason, f.voluntary, f.observed_from
    from private.derive_movements(entries) f
    -- Each client by its id alone: see private.assign_leads.
    cross join lateral (
      select k.currency, k.segment from public.clients k
      where (k.organization_id = post_entries.organization_id) is true and k.id = f.client_id offset 0) c
  ), matched as materialized (
    select w.client_id, w.day, w.place, m.id
    from wanted w
    join unnest(rows) m on m.client_id = w.client_id and m.day = w.day and m.place = w.place
      and (m.kind, m.amount, m.client_change, m.currency, m.segment, m.mrr_after, m.status_after, m.entry, m.contract,
          m.contract_mrr, m.entry_currency, m.entry_segment, m.reason, m.voluntary, m.observed_from)
        is not distinct from (w.kind, w.amount, w.client_change, w.currency, w.segment, w.mrr_after, w.status_after,
          w.entry, w.contract, w.contract_mrr, w.entry_currency, w.entry_segment, w.reason, w.voluntary,
          w.observed_from)
  )
  insert into public.client_movements (organization_id, client_id, day, place, kind, amount, client_change, currency,
    segment, mrr_after, status_after, entry, contract, contract_mrr, entry_currency, entry_segment, reason, voluntary,
    observed_from, reverses, reversed_kind, cause, recorded_at, recorded_by)
  select post_entries.organization_id, m.client_id, m.day, m.place, 'correction', -m.amount, -m.client_change,
    m.currency, m.segment, m.mrr_after, m.status_after, null, m.contract, null, null, null, null, null, null, m.id,
    m.kind, post_entries.cause, recorded, auth.uid()
  from unnest(rows) m left join matched x on x.id = m.id where x.id is null
  union all
  select post_entries.organization_id, w.client_id, w.day, w.place, w.kind, w.amount, w.client_change, w.currency,
    w.segment, w.mrr_after, w.status_after, w.entry, w.contract, w.contract_mrr, w.entry_currency, w.entry_segment,
    w.reason, w.voluntary, w.observed_from, null, null, post_entries.cause, recorded, auth.uid()
  from wanted w left join matched x on (x.client_id, x.day, x.place) = (w.client_id, w.day, w.place)
  where x.id is null;
  perform private.derive_from_movements(organization_id, touched);
end
$$;
comment on function private.post_entries is
  'Enters and withdraws what is known of clients; the ledger, the spells and the derived columns follow.';

-- Derives spells and columns from the ledger again.
create function private.derive_from_movements(organization_id uuid, client_ids uuid[])
returns void
language plpgsql set search_path = '' set jit = off
as $$
begin
  delete from public.client_spells s
  where s.organization_id = derive_from_movements.organization_id and s.client_id = any (client_ids);
  insert into public.client_spells
    (organization_id, client_id, spell_no, starts_on, ends_on, reason, voluntary, observed_from)
  select derive_from_movements.organization_id, s.client_id,
    row_number() over (partition by s.client_id order by s.day), s.day, s.ends_on, s.reason, s.voluntary,
    coalesce(s.observed_from, s.day)
  from private.spells_of(client_ids) s;
  perform set_config('signalbox.derived', 'on', true);
  with m as materialized (
    select f.* from private.effective_movements(client_ids) f
  ), latest as (
    select distinct on (m.client_id) m.client_id, m.status_after, m.mrr_after, m.currency
    from m order by m.client_id, m.day desc, m.place desc
  ), days as (
    select m.client_id, min(m.day) filter (where m.client_change = 1) as since,
      max(m.day) filter (where m.client_change = 1) as started, max(m.day) filter (where m.kind = 'pause') as paused,
      max(m.day) filter (where m.kind = 'notice') as noticed
    from m group by m.client_id
  ), derived as (
    select u.id, coalesce(l.status_after, 'prospect') as status, coalesce(l.mrr_after, 0) as mrr, l.currency, d.since,
      case when l.status_after in ('active', 'paused', 'leaving') then d.started end as spell_started_on,
      case when l.status_after = 'paused' then d.paused end as paused_on,
      case when l.status_after in ('leaving', 'paused') and d.noticed >= d.started then d.noticed end as notice_on,
      case when l.status_after in ('active', 'paused', 'leaving') then (
        select min(p.effective_on) from private.client_plans p
        where p.organization_id = derive_from_movements.organization_id and p.client_id = u.id
          and p.movement = 'churn') end as leaves_on
    from unnest(client_ids) u (id)
    left join latest l on l.client_id = u.id
    left join days d on d.client_id = u.id
  )
  update public.clients c
  set status = d.status, mrr = d.mrr, currency = coalesce(d.currency, c.currency), since = d.since,
    spell_started_on = d.spell_started_on, paused_on = d.paused_on, notice_on = d.notice_on, leaves_on = d.leaves_on,
    trial_ends_on = case when d.status = 'trial' then c.trial_ends_on end
  from derived d
  where (c.organization_id = derive_from_movements.organization_id) is true and c.id = d.id;
  perform set_config('signalbox.derived', '', true);
  perform private.forget_outcomes(organization_id, client_ids);
  perform private.expire_recommendations(organization_id, client_ids);
end
$$;

-- The spells of clients from the ledger as of a moment, each with the segment of its first day.
create function private.spells_of(
  client_ids uuid[], as_of timestamptz default 'infinity', whole_organization uuid default null)
returns table (organization_id uuid, client_id uuid, day date, ends_on date, reason text, voluntary boolean,
  observed_from date, segment text)
language sql stable rows 2000 set search_path = ''
as $$
  select s.organization_id, s.client_id, s.day, s.ends_on, s.end_reason, s.end_voluntary, s.observed_from, s.segment
  from (
    select m.*, lead(m.day) over w as ends_on, lead(m.reason) over w as end_reason,
      lead(m.voluntary) over w as end_voluntary
    from private.effective_movements(client_ids, as_of, whole_organization) m
    where m.client_change <> 0
    window w as (partition by m.client_id order by m.day, m.place)
  ) s
  where s.client_change = 1
$$;
