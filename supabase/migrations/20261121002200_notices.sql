-- What people are told, in the application and by e-mail. `private.notify` is the one door: it knows each person's
-- preferences and makes each event known once, whoever reports it and however often.

alter table public.notifications add column event_key text;
comment on column public.notifications.event_key is 'What happened; the same event is told to the same person once.';
create unique index notifications_event on public.notifications (organization_id, user_id, event_key) where event_key is not null;

create function private.notice_kinds()
returns text[]
language sql immutable parallel safe set search_path = ''
as $$
  select array['assignment', 'sla_reminder', 'sla_breach', 'task_due', 'import_finished', 'report_ready', 'campaign', 'system']
$$;
comment on function private.notice_kinds is 'The kinds that people choose how to be told of. Notices of any other kind count as system.';

create table public.notification_preferences (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  user_id uuid not null references public.profiles (id) on delete cascade,
  kind text not null constraint notification_preferences_kind check (kind = any (private.notice_kinds())),
  in_app boolean not null default true,
  email boolean not null default true,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint notification_preferences_once unique (organization_id, user_id, kind)
);
comment on table public.notification_preferences is
  'Which kinds of notice reach a person how. Without a row: in the application and by e-mail.';
create index notification_preferences_user on public.notification_preferences (user_id);

create table public.emails (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  user_id uuid references public.profiles (id) on delete set null,
  lead_id uuid,
  kind text not null,
  to_address text not null constraint emails_to_form check (to_address ~ '^[^@\s]+@[^@\s]+$'),
  data jsonb not null default '{}',
  event_key text not null,
  status text not null default 'queued' constraint emails_status check (status in ('queued', 'sending', 'sent', 'failed')),
  attempts integer not null default 0,
  next_attempt_at timestamptz not null default now(),
  sending_at timestamptz,
  sent_at timestamptz,
  provider text,
  provider_message_id text,
  last_error text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint emails_event unique (organization_id, event_key, to_address)
);
comment on table public.emails is 'The e-mail outbox. An event is mailed to an address once; what failed for good stays, with its reason.';
create index emails_listing on public.emails (organization_id, created_at desc);
create index emails_user on public.emails (user_id) where user_id is not null;
create index emails_due on public.emails (next_attempt_at) where status = 'queued';
create index emails_in_doubt on public.emails (sending_at) where status = 'sending';

create type private.notice as (
  organization_id uuid,
  user_id uuid,
  kind text,
  event_key text,
  title text,
  body text,
  data jsonb,
  lead_id uuid
);
comment on type private.notice is
  'A person is to be told of an event. data: what the e-mail template of the kind fills in, and what the application links to.';

-- Only active members are told. Rows of one statement: five hundred breaches are one insert here and one there.
create function private.notify(notices private.notice[])
returns void
language plpgsql set search_path = ''
as $$
begin
  with wanted as materialized (
    select n.*, c.chosen_as, p.email as address, coalesce(f.in_app, true) as in_app, coalesce(f.email, true) as by_email
    from unnest(notices) n
    cross join lateral (select case when n.kind = any (private.notice_kinds()) then n.kind else 'system' end as chosen_as) c
    join public.memberships m on m.organization_id = n.organization_id and m.user_id = n.user_id and m.status = 'active'
    join public.profiles p on p.id = n.user_id
    left join public.notification_preferences f
      on f.organization_id = n.organization_id and f.user_id = n.user_id and f.kind = c.chosen_as
  ), told as (
    insert into public.notifications (organization_id, user_id, kind, title, body, data, event_key)
    select w.organization_id, w.user_id, w.kind, w.title, coalesce(w.body, ''), coalesce(w.data, '{}'), w.event_key
    from wanted w where w.in_app
    on conflict (organization_id, user_id, event_key) where event_key is not null do nothing
  )
  insert into public.emails (organization_id, user_id, lead_id, kind, to_address, data, event_key)
  select w.organization_id, w.user_id, w.lead_id, w.chosen_as, w.address,
    coalesce(w.data, '{}') || jsonb_build_object('title', w.title, 'body', coalesce(w.body, '')), w.event_key
  from wanted w where w.by_email and w.address <> ''
  on conflict on constraint emails_event do nothing;
end
$$;
comment on function private.notify is 'Tells people of events, in the application and by e-mail as each prefers, once per event.';

create trigger touch before update on public.notification_preferences
  for each row execute function private.touch_updated_at();
create trigger touch before update on public.emails
  for each row execute function private.touch_updated_at();

alter table public.notification_preferences enable row level security;
alter table public.emails enable row level security;

create policy "people read their own preferences" on public.notification_preferences for select to authenticated
  using (user_id = (select auth.uid()) and organization_id = any ((select private.my_organizations())::uuid[]));
create policy "those who manage e-mails read their organization's" on public.emails for select to authenticated
  using (organization_id = any ((select private.organizations_with('emails:manage'))::uuid[]));

revoke all on public.notification_preferences, public.emails from public, anon, authenticated, service_role;
grant select on public.notification_preferences, public.emails to authenticated, service_role;
