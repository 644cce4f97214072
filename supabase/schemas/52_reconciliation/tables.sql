-- Finding out what became of messages. Two cases: a message was accepted, but no callback with a final status came; or
-- its request ended without a clear answer (crash, timeout, 5xx), so that its outcome is unknown: the status stays
-- `sending`, and it must not simply be sent again. In both cases the provider is asked, in leased batches; its answer
-- is applied like a callback. A message that the provider has no record of is sent again or held for a person, by the
-- organization's setting. What the provider cannot say either is listed as unknown for people to resolve.

create table private.status_lookups (
  provider text primary key constraint status_lookups_provider check (provider in ('arkesel', 'twilio')),
  ask_after interval not null,
  answers_for interval not null,
  max_lookups integer not null constraint status_lookups_max check (max_lookups between 1 and 20),
  source text not null
);
comment on table private.status_lookups is
  'After how long without a report a provider is asked about a message, up to which age it answers, and how often it '
  'is asked.';


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
  'Senders whose provider refuses lookups, and until when it is not asked, so that one tenant''s fault does not stop '
  'the others.';

create index lookup_pauses_organization on private.lookup_pauses (organization_id, account_id);


create table private.pending_admin_alerts (
  organization_id uuid primary key references public.organizations (id) on delete cascade,
  since timestamptz,
  alerted_at timestamptz not null default '-infinity'
);
comment on table private.pending_admin_alerts is
  'Since when there are held messages that the admins were not alerted to, and when they were last alerted: once an '
  'hour at most, however many messages a crash affects.';
