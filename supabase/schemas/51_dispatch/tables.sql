-- Sending, the half that lives in the database. A dispatcher's worker alternates between one call here
-- (exchange_dispatch_batch) and a batch of requests to the provider: the call records the last batch's outcomes and marks
-- the next batch `sending` just before its requests go out. So a crash leaves at most one batch per worker with an unknown
-- outcome, and any number of dispatchers share the queue (skip locked). A message whose outcome is unknown is never simply
-- sent again (see 52_reconciliation).
--
-- Whatever could forbid a message is checked in the transaction that marks it: opt-outs, do-not-call lists, consent,
-- replies under review, the recipient's hours and frequency caps (message_verdicts, target_verdicts), then what its number,
-- campaign and organization may send now (acquire_tokens, assign_senders). Locks are taken in one order and never waited
-- for out of it: first the rate buckets of everything a step may touch, by id, then the daily spending of its organizations,
-- by id; messages, targets and campaigns that somebody else holds are passed over.
-- Everything here is for the service role.

create table private.send_rate_buckets (
  id uuid primary key,
  tokens numeric not null,
  updated_at timestamptz not null default clock_timestamp(),
  day date,
  day_count integer not null default 0
);
comment on table private.send_rate_buckets is
  'What a number, a campaign or an organization (id) may still send this second and has sent today. Locks are short and taken in the order of ids.';


-- How many messages of an account a batch may hold.
create type private.account_share as (account_id uuid, messages integer);


-- Something that has messages to send: an account with queued messages, or a campaign.
create type private.waiting_source as (id uuid, organization_id uuid);


create type private.send_rate_limit as (id uuid, per_second numeric, daily_cap integer, cap_zone text, wanted integer);


create type private.frequency_limit as (phone text, since timestamptz, max_messages integer, except_message uuid);
comment on type private.frequency_limit is
  'A recipient may get a marketing message while it got fewer than max_messages since then, not counting except_message.';


-- What is decided about a message or target before anything is sent. `send`: now, if its number has capacity; `wait`: not
-- before wait_until, for a reason of messages.wait_reason; `exclude` and `cancel`: never.
create type private.send_verdict as (
  verdict text,
  reason text,
  wait_until timestamptz,
  closes_at timestamptz,
  consent_id uuid,
  zone text
);


create type private.message_verdict as (id uuid, decision private.send_verdict);


create type private.target_verdict as (
  position integer,
  phone text,
  lead_id uuid,
  variant_id uuid,
  body text,
  decision private.send_verdict
);


-- A target that may be texted now, the number it goes out from and the id of its message. Without them its number has no
-- capacity, and it waits until send_after.
create type private.sender_choice as (position integer, account_id uuid, send_after timestamptz, message_id uuid);


create type private.campaign_capacity as (
  account_ids uuid[],
  capacities integer[],
  total integer,
  bucket_ids uuid[],
  granted integer[]
);
comment on type private.campaign_capacity is
  'What each number of a campaign may send now, what all together may, and the tokens that were taken for it.';
