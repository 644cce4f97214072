-- Compares a campaign's figures with the last state; a difference becomes the next version and is broadcast. Skipped if
-- that was done less than `apart` ago, or is being done. The state is computed after the row is locked, and the lock is
-- held to the end, so that versions follow the order of commits.
create function private.broadcast_progress(campaign_id uuid, apart interval)
returns void
language plpgsql set search_path = ''
as $$
declare
  progress private.campaign_progress;
  found_state jsonb;
begin
  select * into progress from private.campaign_progress p
  where p.campaign_id = broadcast_progress.campaign_id and p.computed_at <= clock_timestamp() - apart
  for update skip locked;
  if progress.campaign_id is null then
    return;
  end if;
  found_state := private.campaign_state(campaign_id);
  if found_state = progress.state then
    update private.campaign_progress p set computed_at = clock_timestamp() where p.campaign_id = progress.campaign_id;
    return;
  end if;
  update private.campaign_progress p
  set version = p.version + 1, state = found_state, changed_at = clock_timestamp(), computed_at = clock_timestamp()
  where p.campaign_id = progress.campaign_id
  returning * into progress;
  perform realtime.send(private.progress_json(progress), 'progress', 'campaign:' || progress.campaign_id, true);
exception when others then
  raise warning 'the progress of campaign % was not broadcast: %', broadcast_progress.campaign_id, sqlerrm;
end
$$;
comment on function private.broadcast_progress is 'Computes a campaign''s state and broadcasts it if it has changed.';
