-- Who may be texted for marketing, and when. Words, windows, area codes and holidays are rows with effective dates and
-- sources, so that a correction needs no release. Everything here is judged when a message is claimed for sending.
--
-- What the law and the numbering plan say, as rows. Each row names its source; where only one secondary source was found,
-- or sources disagree, the stricter reading is kept and `source` says so. To correct a window or a cap: end it (effective_to),
-- add another. Zones, area codes and holidays are facts without a first day: they are corrected in their place.
--
-- When a text may arrive. Called for each recipient at the moment of sending, so: few queries, and clocks are computed,
-- not searched minute by minute. Correct through every change of the clocks: between two changes the clock on the wall
-- runs evenly, and a step that crosses one stops there and looks again.

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
  name text,
  primary key (country, region)
);
comment on table private.region_zones is 'Time zones of the states and provinces: for leads with an address.';
comment on column private.region_zones.name is 'The region''s name in lower case without accents: people write addresses either way.';

