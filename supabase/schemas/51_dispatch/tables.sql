-- The sender's half that lives in the database. A dispatcher's lane alternates between one call here and a small group
-- of requests to the provider: the call records the last group's outcomes and marks the next group `sending` just before
-- its requests go out. So a crash leaves at most one small group per lane in doubt, and any number of dispatchers share
-- the queue (skip locked). A message that stays `sending` without outcome is in doubt and is never simply sent again.
-- Everything here is for the service role: dispatchers and webhooks.
--
-- Whether somebody may get a marketing text: opt-outs, do-not-call lists, consent and doubtful replies, and whether they have
-- had their share.
--
-- Claiming texts. Everything that could forbid one is judged in the statement that marks it: opt-outs, do-not-call lists,
-- consent, doubtful replies, the recipient's hours, and what its number, campaign and organization may send at this moment;
-- of a campaign's target also whether the lead still is who it was and how often it was texted (see claim_targets).
--
-- Claiming the targets of campaigns, and the step of a dispatcher that claims both kinds.

create table private.send_rate_buckets (
  id uuid primary key,
  tokens numeric not null,
  updated_at timestamptz not null default clock_timestamp(),
  day date,
  day_count integer not null default 0
);
comment on table private.send_rate_buckets is
  'What a number, a campaign or an organization (id) may still send this second and has sent today. Short-lived locks, taken in the order of ids.';


create type private.send_rate_limit as (id uuid, per_second numeric, daily_cap integer, cap_zone text, wanted integer);


create type private.frequency_limit as (phone text, since timestamptz, max_messages integer, except_message uuid);
comment on type private.frequency_limit is
  'A recipient may get a marketing text while there are fewer than max_messages since then, not counting the one that is to go.';
