-- The e-mail outbox. A sender alternates between one call of exchange_email_batch and a small group of e-mails: the
-- call records the outcomes of the last group and marks the next group `sending` just before it goes out, as with
-- messages. An e-mail that was certainly not accepted is tried again, three times in all. One that may have been
-- accepted is never sent a second time: with a provider that has idempotency keys it is tried again under the same key,
-- otherwise it fails and says so.

create table public.emails (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  user_id uuid references public.profiles (id) on delete set null,
  lead_id uuid,
  kind text not null,
  to_address text not null
    constraint emails_to_form check (char_length(to_address) <= 254 and to_address ~ '^[^@\s]+@[^@\s]+$'),
  data jsonb not null default '{}' constraint emails_data_object check (jsonb_typeof(data) = 'object'),
  event_key text not null,
  status text not null default 'queued',
  attempts integer not null default 0,
  next_attempt_at timestamptz not null default now(),
  sending_at timestamptz,
  sent_at timestamptz,
  provider text,
  integration_id uuid,
  via_platform boolean not null default false,
  provider_message_id text,
  last_error text,
  claim integer not null default 0,
  edition integer not null default 0,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint emails_event unique (organization_id, event_key, to_address),
  constraint emails_status check (status in ('queued', 'sending', 'sent', 'failed', 'canceled')),
  constraint emails_lead foreign key (organization_id, lead_id)
    references public.leads (organization_id, id) on delete set null (lead_id)
);
comment on table public.emails is
  'The e-mail outbox. An event is mailed to an address once; a failed e-mail stays, with the reason.';
comment on column public.emails.status is 'canceled: nobody needed it any more when it was due.';
comment on column public.emails.claim is
  'The number of claims; identifies one attempt, so that a late outcome is recognized.';
comment on column public.emails.edition is
  'Incremented when an e-mail is sent again on purpose; id and edition are its idempotency key and Message-ID.';

comment on column public.emails.integration_id is
  'The organization''s own mail server that its last attempt went to, by the id of the connection; null: the platform''s.';
comment on column public.emails.via_platform is 'Its organization''s own mail server could not take it.';

create index emails_listing on public.emails (organization_id, created_at desc);
create index emails_user on public.emails (user_id) where user_id is not null;
create index emails_sending on public.emails (sending_at) where status = 'sending';
create index emails_due on public.emails (organization_id, next_attempt_at) where status = 'queued';
create index emails_by_status on public.emails (organization_id, status, created_at desc);
create index emails_to on public.emails (organization_id, to_address);
create index emails_lead on public.emails (organization_id, lead_id) where lead_id is not null;

-- Finds whether the e-mail about a lead was requested again a moment ago.
create index emails_again on public.emails (organization_id, lead_id, created_at desc)
  where lead_id is not null and event_key like 'assignment:%:again:%';

alter table public.emails enable row level security;

create policy "those who manage e-mails read their organization's" on public.emails for select to authenticated
  using (organization_id = any ((select private.organizations_with('emails:manage'))::uuid[]));

-- Without data: the values for the template may contain a secret.
revoke all on public.emails from public, anon, authenticated, service_role;
grant select (
  id, organization_id, user_id, lead_id, kind, to_address, event_key, status, attempts, next_attempt_at, sending_at,
  sent_at, provider, provider_message_id, last_error, created_at, updated_at
) on public.emails to authenticated, service_role;

create trigger set_updated_at before update on public.emails
  for each row execute function private.set_updated_at();
create trigger start_emails after insert on public.emails referencing new table as new_rows
  for each statement execute function private.start_emails();


create table private.email_secrets (
  email_id uuid primary key references public.emails (id) on delete cascade,
  invitation_id uuid references public.invitations (id) on delete cascade,
  report_link_id uuid references public.report_links (id) on delete cascade,
  token text not null,
  constraint email_secrets_of_one check (num_nonnulls(invitation_id, report_link_id) = 1)
);
comment on table private.email_secrets is
  'Tokens for e-mails that are not sent yet; deleted when the e-mail is sent or the invitation or link ends.';

create index email_secrets_invitation on private.email_secrets (invitation_id);
create index email_secrets_report_link on private.email_secrets (report_link_id);


create table private.mail_outage (
  singleton boolean primary key default true constraint mail_outage_singleton check (singleton),
  outages integer not null,
  resume_at timestamptz not null,
  reason text not null
);
comment on table private.mail_outage is
  'One row while the circuit is open because the mail server cannot be reached: one e-mail at a time is tried.';
