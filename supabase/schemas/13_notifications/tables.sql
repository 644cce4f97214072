-- Notifications of people, in the application and by e-mail. All are written by private.notify, which applies each
-- person's preferences and notifies a person of each event once, however often and by whatever it is reported.

create table public.notifications (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  user_id uuid not null references public.profiles (id) on delete cascade,
  kind text not null,
  title text not null,
  body text not null default '',
  data jsonb not null default '{}',
  read_at timestamptz,
  event_key text,
  created_at timestamptz not null default now()
);
comment on table public.notifications is 'Notifications in the application, one row per person and event.';
comment on column public.notifications.event_key is
  'Identifies the event; a person is notified of the same event once.';

create index notifications_inbox on public.notifications (organization_id, user_id, id desc);
create index notifications_user on public.notifications (user_id);
create unique index notifications_event on public.notifications (organization_id, user_id, event_key)
  where event_key is not null;
create index notifications_unread on public.notifications (organization_id, user_id) where read_at is null;

alter table public.notifications enable row level security;

create policy "people read their own notifications" on public.notifications for select to authenticated
  using (user_id = (select auth.uid()) and organization_id = any ((select private.my_organizations())::uuid[]));
create policy "people mark their own notifications" on public.notifications for update to authenticated
  using (user_id = (select private.own_account()) and organization_id = any ((select private.my_organizations())::uuid[]))
  with check (user_id = (select private.own_account()));

revoke all on public.notifications from public, anon, authenticated, service_role;
grant select on public.notifications to authenticated, service_role;
grant update (read_at) on public.notifications to authenticated;

create trigger broadcast after insert on public.notifications referencing new table as new_rows
  for each statement execute function private.broadcast_notifications();


create table public.notification_preferences (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  user_id uuid not null references public.profiles (id) on delete cascade,
  kind text not null constraint notification_preferences_kind check (kind = any (private.notification_kinds())),
  in_app boolean not null default true,
  email boolean not null default true,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint notification_preferences_once unique (organization_id, user_id, kind)
);
comment on table public.notification_preferences is
  'How a person gets notifications of a kind. Without a row: by e-mail, and but for notes in the application.';

create index notification_preferences_user on public.notification_preferences (user_id);

alter table public.notification_preferences enable row level security;

create policy "people read their own preferences" on public.notification_preferences for select to authenticated
  using (user_id = (select auth.uid()) and organization_id = any ((select private.my_organizations())::uuid[]));

revoke all on public.notification_preferences from public, anon, authenticated, service_role;
grant select on public.notification_preferences to authenticated, service_role;

create trigger set_updated_at before update on public.notification_preferences
  for each row execute function private.set_updated_at();

select private.audit_table('public.notification_preferences');


create type private.notification as (
  organization_id uuid,
  user_id uuid,
  kind text,
  event_key text,
  title text,
  body text,
  data jsonb,
  lead_id uuid
);
comment on type private.notification is
  'A notification to write. data: values for the e-mail template of the kind, and ids for links in the application.';
