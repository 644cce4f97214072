-- When, and how often, marketing messages may arrive. Windows, caps, holidays, area codes and time zones are rows with
-- effective dates and sources, so that a correction needs no release; where only one secondary source was found, or
-- sources disagree, the stricter reading is kept and `source` says so. To correct a window or a cap, end it
-- (effective_to) and add another row. Zones, area codes and holidays have no history: they are corrected in place.
-- Windows are computed for each recipient at the moment of sending, so with few queries and without a search minute by
-- minute. Between two changes of the clocks local time runs evenly; a step that crosses a change stops there and looks
-- again.

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
  'When the law of a place allows marketing messages to arrive, by local weekday (ISO, 1 is Monday). Without hours: '
  'not at all on these days. holidays: the row is for holidays of the place, whatever the weekday. The windows of a '
  'country and of its region must both hold.';

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
  'How many marketing messages the law of a place lets one sender send to a person within so many hours. The law '
  'counts messages on one subject; we count all.';

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
  code text collate "C" primary key constraint area_codes_form check (code ~ '^[2-9][0-9]{2}$'),
  country text not null,
  region text,
  time_zones text[] not null constraint area_codes_zones_given check (cardinality(time_zones) > 0),
  source text not null
);
comment on table private.area_codes is
  'Area codes of the North American Numbering Plan: where a number is probably used. With several zones the window '
  'must hold in each.';

-- As the first digits of a phone number (private.phone_prefixes).
create index area_codes_prefix on private.area_codes (('1' || code));


create table private.region_zones (
  country text not null,
  region text not null,
  time_zones text[] not null constraint region_zones_zones_given check (cardinality(time_zones) > 0),
  source text not null,
  name text,
  primary key (country, region)
);
comment on table private.region_zones is 'Time zones of states and provinces, for leads with an address.';
comment on column private.region_zones.name is
  'The region''s name in lower case without accents: addresses have it instead of the code.';


create table private.country_zones (
  country text primary key,
  time_zones text[] not null constraint country_zones_zones_given check (cardinality(time_zones) > 0),
  source text not null
);
comment on table private.country_zones is
  'Time zones of whole countries: for numbers outside North America, and for leads whose country is not their number''s.';


create type private.contact_place as (country text, region text, zone text);
comment on type private.contact_place is
  'A place where a recipient may be: whose law holds there, and what the clocks show. All of a recipient''s places must '
  'allow a message.';


create type private.local_hours as (
  day date, opens time, closes time, closed boolean,
  open boolean, changes_at timestamptz
);
comment on type private.local_hours is
  'The legal hours of a day (closed: none), and whether a message may arrive at a moment of it and when that may '
  'change.';
