-- An organization's business hours. Deadlines count business hours where there is an enabled calendar, else wall-
-- clock time. Opening hours are local: an instant is working time if the local clock then shows a time inside a
-- period of the day and the day is no holiday. Real minutes are counted, so a period that daylight saving shortens or
-- lengthens counts for its real length.

create table public.calendars (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null constraint calendars_one unique references public.organizations (id) on delete cascade,
  enabled boolean not null default true,
  time_zone text constraint calendars_time_zone_known check (private.is_time_zone(time_zone)),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
comment on table public.calendars is
  'Business hours of an organization. Without a row, or disabled: deadlines count wall-clock time.';
comment on column public.calendars.time_zone is 'Time zone of the opening hours; null: the organization''s.';

alter table public.calendars enable row level security;

create policy "members read their organization's calendar" on public.calendars for select to authenticated
  using (organization_id = any ((select private.my_organizations())::uuid[]));

revoke all on public.calendars from public, anon, authenticated, service_role;
grant select on public.calendars to authenticated, service_role;

create trigger canonicalize_time_zone before insert or update of time_zone on public.calendars
  for each row when (new.time_zone is not null) execute function private.canonicalize_time_zone();
create trigger set_updated_at before update on public.calendars
  for each row execute function private.set_updated_at();

select private.audit_table('public.calendars');


create table public.calendar_periods (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null references public.calendars (organization_id) on delete cascade,
  weekday smallint not null constraint calendar_periods_weekday check (weekday between 1 and 7),
  opens time not null,
  closes time not null,
  constraint calendar_periods_once unique (organization_id, weekday, opens),
  constraint calendar_periods_order check (opens < closes),
  constraint calendar_periods_minutes check (extract(second from opens) = 0 and extract(second from closes) = 0)
);
comment on table public.calendar_periods is
  'Weekly opening hours, several periods a day, which do not overlap (private.set_calendar).';
comment on column public.calendar_periods.weekday is 'ISO 8601: 1 is Monday.';
comment on column public.calendar_periods.closes is 'Closing time, exclusive; 24:00 is the end of the day.';

alter table public.calendar_periods enable row level security;

create policy "members read their organization's opening hours" on public.calendar_periods for select to authenticated
  using (organization_id = any ((select private.my_organizations())::uuid[]));

revoke all on public.calendar_periods from public, anon, authenticated, service_role;
grant select on public.calendar_periods to authenticated, service_role;

select private.audit_table('public.calendar_periods');


create table public.calendar_holidays (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null references public.calendars (organization_id) on delete cascade,
  day date not null constraint calendar_holidays_finite check (isfinite(day)),
  name text not null default '' constraint calendar_holidays_name_length check (char_length(name) <= 200),
  constraint calendar_holidays_once unique (organization_id, day)
);
comment on table public.calendar_holidays is 'Days on which the organization is closed.';

alter table public.calendar_holidays enable row level security;

create policy "members read their organization's holidays" on public.calendar_holidays for select to authenticated
  using (organization_id = any ((select private.my_organizations())::uuid[]));

revoke all on public.calendar_holidays from public, anon, authenticated, service_role;
grant select on public.calendar_holidays to authenticated, service_role;

select private.audit_table('public.calendar_holidays');
