-- Every second: new states of what is awake. A row goes when its campaign was looked at after the row's time, however long
-- nothing ran meanwhile. A clock that ticks a moment early waits for the second to be full, or it would tell nothing every
-- other time.
create function private.broadcast_campaign_progress()
returns integer
language plpgsql set search_path = ''
as $$
declare
  awake uuid[] := array(select distinct s.campaign_id from private.campaign_progress_dirty s order by 1);
  campaign_id uuid;
begin
  perform pg_sleep_until(max(p.computed_at) + interval '1 second') from private.campaign_progress p
  where p.campaign_id = any (awake) and p.computed_at < clock_timestamp() - interval '800 milliseconds';
  foreach campaign_id in array awake loop
    perform private.broadcast_progress(campaign_id, interval '1 second');
  end loop;
  delete from private.campaign_progress_dirty s
  where s.campaign_id = any (awake) and not exists (
    select from private.campaign_progress p where p.campaign_id = s.campaign_id and p.computed_at < s.dirty_until);
  return cardinality(awake);
end
$$;
