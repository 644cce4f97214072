-- Every second: computes the state of dirty campaigns. A row expires only once its campaign was computed after the
-- row's time, however long nothing ran in between.
create function private.broadcast_campaign_progress()
returns integer
language plpgsql set search_path = ''
as $$
declare
  dirty_ids uuid[] := array(select distinct s.campaign_id from private.campaign_progress_dirty s order by 1);
  campaign_id uuid;
begin
  -- A run that starts a moment early waits for the second to end; else every other run would skip every campaign.
  perform pg_sleep_until(max(p.computed_at) + interval '1 second') from private.campaign_progress p
  where p.campaign_id = any (dirty_ids) and p.computed_at < clock_timestamp() - interval '800 milliseconds';
  foreach campaign_id in array dirty_ids loop
    perform private.broadcast_progress(campaign_id, interval '1 second');
  end loop;
  delete from private.campaign_progress_dirty s
  where s.campaign_id = any (dirty_ids) and not exists (
    select from private.campaign_progress p where p.campaign_id = s.campaign_id and p.computed_at < s.dirty_until);
  return cardinality(dirty_ids);
end
$$;
