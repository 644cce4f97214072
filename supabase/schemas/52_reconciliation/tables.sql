-- Reconciliation: callbacks get lost, so the provider is asked about every text that has gone without a final status for
-- too long, and its answer goes through the same door as a callback. What it cannot tell either is listed for people.
--
-- Texts in doubt: settled by what the provider has, or held for a person to decide.

create table private.status_lookups (
  provider text primary key constraint status_lookups_provider check (provider in ('arkesel', 'twilio')),
  ask_after interval not null,
  answers_for interval not null,
  max_lookups integer not null constraint status_lookups_max check (max_lookups between 1 and 20),
  source text not null
);
comment on table private.status_lookups is
  'After how long without a word a provider is asked about a text, until what age it answers, and how often it is asked.';


create table private.lookup_pauses (
  account_id uuid primary key,
  organization_id uuid not null,
  until timestamptz not null,
  failures integer not null,
  reason text not null,
  constraint lookup_pauses_account foreign key (organization_id, account_id)
    references public.sms_accounts (organization_id, id) on delete cascade
);
comment on table private.lookup_pauses is
  'Accounts whose provider refuses to answer questions, and until when it is left alone: one tenant''s fault stops no other.';

create index lookup_pauses_organization on private.lookup_pauses (organization_id, account_id);


create table private.pending_admin_alerts (
  organization_id uuid primary key references public.organizations (id) on delete cascade,
  since timestamptz,
  alerted_at timestamptz not null default '-infinity'
);
comment on table private.pending_admin_alerts is
  'Since when there are texts held in doubt that the admins do not know of, and when they were told last: once an hour at most, however many a crash leaves behind.';
