-- Who may be texted for marketing, and when. Words, windows, area codes and holidays are rows with effective dates and
-- sources, so that a correction needs no release. Everything here is judged when a message is claimed for sending.

alter table public.organizations
  add column marketing_consent text not null default 'required'
    constraint organizations_marketing_consent check (marketing_consent in ('required', 'not_required')),
  add column marketing_gap_messages integer constraint organizations_gap_messages check (marketing_gap_messages between 1 and 1000),
  add column marketing_gap_hours integer constraint organizations_gap_hours check (marketing_gap_hours between 1 and 8760),
  add column contact_details text constraint organizations_contact_details check (
    char_length(btrim(contact_details)) >= 3 and char_length(contact_details) <= 160
    and contact_details ~ '[0-9@.]' and contact_details !~ '[[:cntrl:]]'),
  add column messages_per_second numeric(8, 2) constraint organizations_messages_per_second check (messages_per_second > 0),
  add constraint organizations_gap_pair check ((marketing_gap_messages is null) = (marketing_gap_hours is null));
comment on column public.organizations.marketing_consent is 'Whether marketing goes only to numbers whose consent is in the ledger.';
comment on column public.organizations.marketing_gap_messages is
  'At most so many marketing messages to a number within marketing_gap_hours, over all campaigns.';
comment on column public.organizations.contact_details is
  'What the answer to HELP names: a toll-free number, an e-mail address, a web page or a postal address. No campaign to North America starts without.';
comment on column public.organizations.messages_per_second is 'What all of its numbers and campaigns together may send; null: no limit.';
grant update (marketing_consent, marketing_gap_messages, marketing_gap_hours, contact_details, messages_per_second)
  on public.organizations to authenticated;

-- A revocation says in which words, how it was recognized and when it was honoured.
alter table public.consents
  add column message_id uuid,
  add column raw_text text constraint consents_raw_text_length check (char_length(raw_text) <= 2000),
  add column recognized_by text constraint consents_recognized_by check (recognized_by in ('keyword', 'phrase', 'person', 'provider')),
  add column rule_id uuid,
  add column honored_at timestamptz;

-- The latest entry of a number counts. But a list of last year's consents, imported today, takes nobody's revocation back:
-- it is kept as what it is, and marked.
alter table public.consents add column outdated boolean not null default false;
comment on column public.consents.outdated is 'Consent given before a revocation that was known when it was written down: it lets nothing through.';
-- Who was texted before is asked for every recipient: by the number first, which only this index begins with.
drop index public.messages_to;
create index messages_to on public.messages (to_number, organization_id, id desc);
-- Judging a million numbers reads the latest event of each from the index alone.
drop index public.consents_of_phone;
create index consents_of_phone on public.consents (organization_id, phone, id desc) include (channel, event, outdated);

create function private.date_consent()
returns trigger
language plpgsql set search_path = ''
as $$
begin
  new.outdated := exists (
    select from public.consents c
    where c.organization_id = new.organization_id and c.phone = new.phone and c.event = 'revoked' and c.channel = new.channel
      and c.occurred_at > new.occurred_at);
  return new;
end
$$;
create trigger date_consent before insert on public.consents
  for each row when (new.event = 'granted') execute function private.date_consent();

alter table public.suppressions drop constraint suppressions_source;
alter table public.suppressions add constraint suppressions_source
  check (source in ('reply', 'provider', 'manual', 'import', 'litigator', 'dnc'));

create table public.dnc_lists (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  name text not null constraint dnc_lists_name_length check (char_length(btrim(name)) between 1 and 100),
  kind text not null constraint dnc_lists_kind check (kind in ('registry', 'litigator', 'internal')),
  status text not null default 'importing' constraint dnc_lists_status check (status in ('importing', 'active', 'failed', 'deleting')),
  sealed boolean not null default false,
  calling_code text not null default '1' constraint dnc_lists_calling_code check (calling_code ~ '^[1-9][0-9]{0,2}$'),
  numbers bigint not null default 0,
  invalid bigint not null default 0,
  size_bytes bigint not null default 0,
  next_position integer not null default 0,
  pieces integer not null default 0,
  error text,
  created_by uuid references public.profiles (id) on delete set null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint dnc_lists_organization_key unique (organization_id, id),
  constraint dnc_lists_name_unique unique (organization_id, name)
);
comment on table public.dnc_lists is
  'Do-not-call lists an organization checks against. A registry gives way to written consent (47 CFR 64.1200(c)(2)(ii)); the others never.';
create index dnc_lists_created_by on public.dnc_lists (created_by);

comment on column public.dnc_lists.sealed is 'All of the file is here.';
comment on column public.dnc_lists.next_position is 'The piece of the file that comes next.';

create table private.dnc_pieces (
  organization_id uuid not null,
  list_id uuid not null,
  "position" integer not null,
  content text not null,
  primary key (organization_id, list_id, "position"),
  constraint dnc_pieces_list foreign key (organization_id, list_id)
    references public.dnc_lists (organization_id, id) on delete cascade
);
comment on table private.dnc_pieces is 'A registry''s file on its way in, cut where lines end. Each piece goes with its import.';

create table private.dnc_numbers (
  organization_id uuid not null,
  phone text not null,
  list_id uuid not null,
  primary key (organization_id, phone, list_id),
  constraint dnc_numbers_list foreign key (organization_id, list_id)
    references public.dnc_lists (organization_id, id) on delete cascade
);
comment on table private.dnc_numbers is 'The numbers on the lists. Looked up by number alone, so nobody reads them as a list.';
create index dnc_numbers_of_list on private.dnc_numbers (organization_id, list_id);

-- How replies are understood. Rows without organization hold for all; an organization adds its own words and languages.
create table public.reply_rules (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid references public.organizations (id) on delete cascade,
  kind text not null constraint reply_rules_kind check (kind in ('keyword', 'phrase', 'not_phrase')),
  meaning text not null constraint reply_rules_meaning check (meaning in ('stop', 'start', 'help', 'doubtful')),
  language text not null default 'en' constraint reply_rules_language check (language ~ '^[a-z]{2}$'),
  pattern text not null constraint reply_rules_pattern_length check (char_length(pattern) between 1 and 500),
  source text not null constraint reply_rules_source_length check (char_length(source) between 1 and 500),
  effective_from date not null default '2024-01-01',
  effective_to date,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint reply_rules_once unique nulls not distinct (organization_id, kind, language, pattern)
);
comment on table public.reply_rules is
  'Words and phrases of replies and what they mean. A keyword is the whole reply; a phrase is a pattern found in it, unless a not_phrase of the same meaning is found too.';
create index reply_rules_organization on public.reply_rules (organization_id);

create table private.contact_windows (
  id uuid primary key default private.uuid_v7(),
  country text not null,
  region text,
  weekdays integer[] not null default '{1,2,3,4,5,6,7}',
  holidays boolean not null default false,
  opens time,
  closes time,
  effective_from date not null,
  effective_to date,
  source text not null,
  constraint contact_windows_pair check ((opens is null) = (closes is null) and (opens is null or opens < closes))
);
comment on table private.contact_windows is
  'When the law of a place lets marketing texts arrive, by local weekday (ISO, 1 Monday). Without hours: not at all on these days. holidays: the row is for holidays of the place, whatever the weekday. Of a country and a region both must hold.';
create index contact_windows_place on private.contact_windows (country, region);

create table private.contact_caps (
  id uuid primary key default private.uuid_v7(),
  country text not null,
  region text,
  messages integer not null constraint contact_caps_messages check (messages > 0),
  hours integer not null constraint contact_caps_hours check (hours between 1 and 8760),
  effective_from date not null,
  effective_to date,
  source text not null
);
comment on table private.contact_caps is
  'How many marketing texts the law of a place lets one sender send to a person within so many hours. The law counts those on one subject; all are counted.';
create index contact_caps_place on private.contact_caps (country, region);

create table private.holidays (
  country text not null,
  region text not null default '',
  day date not null,
  name text not null,
  source text not null,
  primary key (country, region, day)
);
comment on table private.holidays is 'Public holidays of a country (region empty) or of one region.';

create table private.area_codes (
  code text primary key constraint area_codes_form check (code ~ '^[2-9][0-9]{2}$'),
  country text not null,
  region text,
  time_zones text[] not null constraint area_codes_zones_given check (cardinality(time_zones) > 0),
  source text not null
);
comment on table private.area_codes is
  'Area codes of the North American Numbering Plan: where a number is probably used. More than one zone: the window must hold in all.';

create table private.region_zones (
  country text not null,
  region text not null,
  time_zones text[] not null constraint region_zones_zones_given check (cardinality(time_zones) > 0),
  source text not null,
  primary key (country, region)
);
comment on table private.region_zones is 'Time zones of the states and provinces: for leads with an address.';

-- What was checked when the message was claimed; kept with the message as evidence.
alter table public.messages
  add column variant_id uuid,
  add column target_position integer,
  add column consent_id uuid,
  add column checked_at timestamptz,
  add column recipient_zone text,
  add column expires_at timestamptz,
  add column price numeric(12, 5),
  add column price_currency text,
  add column reported jsonb;
comment on column public.messages.expires_at is 'The end of the window it was sent in: the provider is told not to deliver it later.';
comment on column public.messages.reported is 'Fields of the provider''s callbacks that we do not know.';

select private.grant_permission('consents:read', 'See the consent ledger', array['admin', 'campaign_manager', 'operator', 'viewer']);
select private.grant_permission('consents:write', 'Record consent and its revocation', array['admin', 'campaign_manager', 'operator']);

alter table public.dnc_lists enable row level security;
alter table public.reply_rules enable row level security;
create policy "those who may read suppressions read the lists" on public.dnc_lists for select to authenticated
  using (organization_id = any ((select private.organizations_with('suppressions:read'))::uuid[]));
create policy "everyone reads the system's rules, members their organization's" on public.reply_rules for select to authenticated
  using (organization_id is null or organization_id = any ((select private.my_organizations())::uuid[]));
revoke all on public.dnc_lists, public.reply_rules from public, anon, authenticated, service_role;
grant select (id, organization_id, name, kind, status, numbers, invalid, error, created_by, created_at, updated_at)
  on public.dnc_lists to authenticated;
grant select on public.dnc_lists to service_role;
grant select on public.reply_rules to authenticated, service_role;

create trigger touch before update on public.dnc_lists
  for each row execute function private.touch_updated_at();
create trigger touch before update on public.reply_rules
  for each row execute function private.touch_updated_at();
select private.audit_table('public.dnc_lists');
select private.audit_table('public.reply_rules');
