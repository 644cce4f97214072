-- The order of a client's entries: by day, and within a day trial, contracts, notice, pause, segment.
create function private.entry_rank(entry text)
returns integer
language sql immutable parallel safe set search_path = ''
as $$
  select array_position(array['trial', 'trial_end', 'amount', 'end', 'notice', 'notice_withdrawn', 'pause', 'resume',
    'segment'], entry)
$$;

-- What is in force after each entry. `total` adds up the contracts; a client is in service while a contract is in
-- force. What only some entries name is carried on to the next ones: the greatest of the values that begin with the
-- number of their entry is the latest.
create function private.entry_states(entries private.client_entry[])
returns table (
  client_id uuid, day date, entry text, contract text, contract_mrr numeric, entry_currency text, entry_segment text,
  reason text, voluntary boolean, observed_from date, n bigint, d_force integer, in_force bigint, total numeric,
  paused boolean, noticed boolean, in_trial boolean, segment text, currency text)
language sql immutable rows 2000 set search_path = ''
as $$
  with e as (
    select u.*, row_number() over (partition by u.client_id order by u.day, private.entry_rank(u.entry),
      u.contract) as n
    from unnest(entries) u
  ), c as (
    select e.*, x.is_contract,
      case when x.is_contract then x.force - coalesce(lag(x.force) over k, 0) else 0 end as d_force,
      case when x.is_contract then x.mrr - coalesce(lag(x.mrr) over k, 0) else 0 end as d_mrr
    from e cross join lateral (
      select e.entry in ('amount', 'end') as is_contract, (e.entry = 'amount')::integer as force,
        case when e.entry = 'amount' then e.contract_mrr else 0 end as mrr) x
    window k as (partition by e.client_id, x.is_contract, e.contract order by e.n)
  ), s as (
    select c.*, sum(c.d_force) over w as in_force, sum(c.d_mrr) over w as total
    from c window w as (partition by c.client_id order by c.n)
  ), m as (
    select s.*,
      case when s.in_force = 0 or s.entry = 'resume' then 0 when s.entry = 'pause' then 1 end as pause,
      case when s.in_force = 0 or s.entry = 'notice_withdrawn' then 0 when s.entry = 'notice' then 1 end as notice,
      case s.entry when 'trial' then 1 when 'trial_end' then 0 end as trial,
      (lpad(s.n::text, 6, '0') || s.segment) collate "C" as nth_segment,
      (lpad(s.n::text, 6, '0') || s.currency) collate "C" as nth_currency
    from s
  )
  select m.client_id, m.day, m.entry, m.contract, m.contract_mrr, m.currency, m.segment, m.reason, m.voluntary,
    m.observed_from, m.n, m.d_force, m.in_force, m.total,
    coalesce(max(m.n * 2 + m.pause) over w % 2 = 1, false),
    coalesce(max(m.n * 2 + m.notice) over w % 2 = 1, false),
    max(m.n * 2 + m.trial) over w % 2 = 1,
    coalesce(substr(max(m.nth_segment) over w, 7), substr(min(m.nth_segment) over (partition by m.client_id), 7)),
    coalesce(substr(max(m.nth_currency) over w, 7), substr(min(m.nth_currency) over (partition by m.client_id), 7))
  from m window w as (partition by m.client_id order by m.n)
$$;

-- The movements that follow from the entries of clients, in order. What a row is called depends on whether the client
-- was in service when its day began and when it ended. A change of currency is two rows: all out, all in.
create function private.derive_movements(entries private.client_entry[])
returns table (
  client_id uuid, day date, place smallint, kind text, amount numeric, client_change smallint, currency text,
    segment text,
  mrr_after numeric, status_after text, entry text, contract text, contract_mrr numeric, entry_currency text,
  entry_segment text, reason text, voluntary boolean, observed_from date)
language sql immutable rows 2000 set search_path = ''
as $$
  with s as (
    select s.*, case when s.paused then 0 else s.total end as mrr, s.entry in ('amount', 'end') as is_contract,
      last_value(s.in_force) over d > 0 as in_after,
      last_value(s.in_force) over d > sum(s.d_force) over (partition by s.client_id, s.day) as in_before,
      row_number() over (partition by s.client_id, s.day, s.entry in ('amount', 'end') order by s.n desc) = 1
        as is_last_of_day
    from private.entry_states(entries) s
    window d as (partition by s.client_id, s.day order by s.n rows between unbounded preceding and unbounded following)
  ), t as (
    select s.*, max(s.in_force) over w > 0 as ever,
      coalesce(max(s.in_after::integer) over (partition by s.client_id order by s.day
        range between unbounded preceding and interval '1 day' preceding), 0) = 1 as ever_before,
      lag(s.mrr, 1, 0::numeric) over w as mrr_before, lag(s.currency) over w as currency_before,
      lag(s.paused, 1, false) over w as paused_before, lag(s.noticed, 1, false) over w as noticed_before,
      lag(s.in_trial) over w as trial_before
    from s window w as (partition by s.client_id order by s.n)
  ), k as (
    select t.*, t.in_before and t.in_after and t.currency_before <> t.currency as is_exchange,
      case
        when t.in_force > 0 then case when t.paused then 'paused' when t.noticed then 'leaving' else 'active' end
        when t.ever then 'churned'
        else case t.in_trial when true then 'trial' when false then 'trial_lost' else 'prospect' end
      end as status_after, case
        when t.is_contract and not t.in_before and t.in_after
          then case when t.ever_before then 'reactivation' else 'new' end
        when t.is_contract and t.in_before and not t.in_after then 'churn'
        when t.is_contract and t.mrr > t.mrr_before then 'expansion'
        when t.is_contract and t.mrr < t.mrr_before then 'contraction'
        when t.entry = 'pause' and t.paused and not t.paused_before then 'pause'
        when t.entry = 'resume' and t.paused_before and not t.paused then 'resume'
        when t.entry = 'notice' and t.noticed and not t.noticed_before then 'notice'
        when t.entry = 'notice_withdrawn' and t.noticed_before and not t.noticed then 'notice_withdrawn'
        when t.entry = 'trial' and not t.ever and t.trial_before is not true then 'trial_start'
        when t.entry = 'trial_end' and not t.ever and t.trial_before then 'trial_lost'
        when t.entry = 'segment' then 'segment'
        else 'unchanged'
      end as kind
    from t
  )
  select k.client_id, k.day, (row_number() over (partition by k.client_id, k.day order by k.n, x.half))::smallint,
    case when k.is_exchange then 'currency' else k.kind end, x.amount,
    case when k.is_contract and k.is_last_of_day then (k.in_after::integer - k.in_before::integer)::smallint
      else 0::smallint end, x.currency, k.segment, x.mrr_after, k.status_after, x.entry, k.contract, k.contract_mrr,
    k.entry_currency, k.entry_segment, k.reason, k.voluntary, k.observed_from
  from k cross join lateral (
    select 1 as half, k.mrr - k.mrr_before as amount, k.currency, k.mrr as mrr_after, k.entry where not k.is_exchange
    union all
    select 1, -k.mrr_before, k.currency_before, 0, null where k.is_exchange
    union all
    select 2, k.mrr, k.currency, k.mrr, k.entry where k.is_exchange
  ) x
  order by k.client_id, k.n, x.half
$$;
comment on function private.derive_movements is 'The movements of clients that follow from what was entered about them.';
