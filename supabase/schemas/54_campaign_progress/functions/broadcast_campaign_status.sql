-- A change of status is broadcast at once, at the end of the transaction, so that it goes out with the figures of that
-- moment. Security definer, as mark_campaigns_dirty.
create function private.broadcast_campaign_status()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  insert into private.campaign_progress_dirty (campaign_id, dirty_until)
  values (new.id, clock_timestamp() + private.dirty_period());
  perform private.switch_progress_job();
  perform private.broadcast_progress(new.id, interval '0');
  return null;
exception when others then
  raise warning 'the status of campaign % was not broadcast: %', new.id, sqlerrm;
  return null;
end
$$;
