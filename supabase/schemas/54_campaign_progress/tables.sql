-- Live progress of campaigns. One state of a campaign (campaign_progress) is published in three ways: broadcast to the
-- private Realtime channel campaign:{id}, and read by the SSE and WebSocket streams of the function campaigns. A change
-- of a campaign's figures only marks it as dirty (campaign_progress_dirty), at most once a minute and without a lock
-- that anybody waits for. Every second a job computes the state of dirty campaigns and broadcasts it if it changed: at
-- most one broadcast a second, and the last one follows the last change, even if the process that made it has ended.

create table private.campaign_progress_dirty (
  campaign_id uuid not null,
  dirty_until timestamptz not null
);
comment on table private.campaign_progress_dirty is
  'Until when a campaign''s state is computed every second. Rows are only inserted, and deleted when they have '
  'expired. No foreign key: it would lock the campaign.';

create index campaign_progress_dirty_campaign on private.campaign_progress_dirty (campaign_id, dirty_until);


create table private.campaign_progress (
  campaign_id uuid primary key references public.campaigns (id) on delete cascade,
  version bigint not null default 1,
  state jsonb not null,
  changed_at timestamptz not null default now(),
  computed_at timestamptz not null default '-infinity'
);
comment on table private.campaign_progress is
  'The state of a campaign that was broadcast last, its version, and when it was last compared with the figures.';
