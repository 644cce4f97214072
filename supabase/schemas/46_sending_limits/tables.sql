-- What bounds an organization's sending, whatever a person or program asks for: which countries it may text, what it may
-- spend a day (its own limit, and that of the platform's operators), and its standing with the platform (a sandboxed organization texts its own members only, a suspended one
-- nobody). A misused or stolen account must not be able to text the world at the platform's cost (OWASP API6:2023).

create table private.calling_codes (
  -- Compared by its bytes, so that the index finds all longer prefixes as one range.
  prefix text collate "C" primary key constraint calling_codes_form check (prefix ~ '^[1-9][0-9]{0,6}$'),
  country text not null
);
comment on table private.calling_codes is
  'Which country a number belongs to, by its first digits; the longest prefix counts. Area codes of North America are in private.area_codes.';


create view private.phone_prefixes as
  select c.prefix, c.country from private.calling_codes c
  union all
  select '1' || a.code, a.country from private.area_codes a where a.country is not null and a.country <> 'US';
comment on view private.phone_prefixes is 'First digits of phone numbers and the country they mean; the longest prefix counts.';


create table private.default_segment_prices (
  currency text primary key,
  price numeric(12, 5) not null constraint default_segment_prices_price check (price > 0),
  source text not null
);
comment on table private.default_segment_prices is
  'What a segment is taken to cost where the number states no price, and at least on the platform''s account; used for the '
  'daily spending limit. Currencies that are not listed: private.fallback_segment_price.';


create table private.daily_spending (
  organization_id uuid not null references public.organizations (id) on delete cascade,
  day date not null,
  amount numeric not null default 0,
  platform_segments bigint not null default 0,
  exhausted boolean not null default false,
  primary key (organization_id, day)
);
comment on table private.daily_spending is
  'What the messages of a local day cost by estimate, in the organization''s currency, and how many segments went through '
  'the platform''s accounts. exhausted: a limit held something back, and the admins were notified.';


-- What an organization may still send today; null fields: no limit.
create type private.budget as (amount numeric, platform_segments bigint);
