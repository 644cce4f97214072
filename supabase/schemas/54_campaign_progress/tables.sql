-- Live progress of campaigns. One state of a campaign (private.campaign_progress) goes out three ways: broadcast to the
-- private Realtime channel campaign:{id}, and read by the SSE and WebSocket streams of the function campaigns.
-- Whoever changes a campaign's figures only leaves word that it did (campaign_progress_dirty), at most once in a minute and without
-- a lock that somebody could wait for. A sweep makes a new state of what is awake every second and broadcasts it if it
-- differs from the last one: so there is at most one a second, and the last one follows the last change, also when the
-- process that made it is gone.

create table private.campaign_progress_dirty (
  campaign_id uuid not null,
  dirty_until timestamptz not null
);
comment on table private.campaign_progress_dirty is
  'Until when a campaign''s figures are looked at every second. Rows are only added, and deleted once they have passed. No foreign key: it would lock the campaign.';

create index campaign_progress_dirty_campaign on private.campaign_progress_dirty (campaign_id, dirty_until);


create table private.campaign_progress (
  campaign_id uuid primary key references public.campaigns (id) on delete cascade,
  version bigint not null default 1,
  state jsonb not null,
  changed_at timestamptz not null default now(),
  computed_at timestamptz not null default '-infinity'
);
comment on table private.campaign_progress is
  'The state of a campaign that was told last, its number, and when it was last compared with the figures.';
