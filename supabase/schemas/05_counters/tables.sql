-- Counters that dashboards read. A statement that changes rows inserts deltas (rolled_up = false) into a counter's
-- table, a job adds them up every minute, and readers sum all rows. Writers never wait for each other, no two
-- statements can deadlock over a counter, and the sum equals a recount in every snapshot.

create table private.counters (
  name text primary key,
  measures text[] not null constraint counters_measures_given check (cardinality(measures) > 0)
);
comment on table private.counters is
  'Tables in private that count by deltas. All columns but the measures and rolled_up are their key.';
comment on column private.counters.measures is 'The columns that are added up.';
