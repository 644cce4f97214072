-- Compares a campaign's figures with what was told last; a difference becomes the next version and is broadcast. Not when
-- that was done less than `apart` ago, nor while somebody else is at it: whoever that is sees what has committed before.
-- The state is made after the row is locked and the lock is held to the end, so versions follow the order of commits.
create function private.broadcast_progress(campaign_id uuid, apart interval)
returns void
language plpgsql set search_path = ''
as $$
declare
  told private.campaign_progress;
  found_state jsonb;
begin
  select * into told from private.campaign_progress p
  where p.campaign_id = broadcast_progress.campaign_id and p.computed_at <= clock_timestamp() - apart for update skip locked;
  if told.campaign_id is null then
    return;
  end if;
  found_state := private.campaign_state(campaign_id);
  if found_state = told.state then
    update private.campaign_progress p set computed_at = clock_timestamp() where p.campaign_id = told.campaign_id;
    return;
  end if;
  update private.campaign_progress p
  set version = p.version + 1, state = found_state, changed_at = clock_timestamp(), computed_at = clock_timestamp()
  where p.campaign_id = told.campaign_id
  returning * into told;
  perform realtime.send(private.progress_json(told), 'progress', 'campaign:' || told.campaign_id, true);
exception when others then
  raise warning 'the progress of campaign % was not told: %', broadcast_progress.campaign_id, sqlerrm;
end
$$;
comment on function private.broadcast_progress is 'Makes a campaign''s next state and broadcasts it, if its figures have changed.';
