-- A status shows at once, however recent the last broadcast is. At the end of the transaction, so that the figures it
-- goes out with are those that the change leaves behind. Definer: as mark_campaigns_dirty.
create function private.broadcast_campaign_status()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  insert into private.campaign_progress_dirty (campaign_id, dirty_until) values (new.id, clock_timestamp() + interval '90 seconds');
  perform private.broadcast_progress(new.id, interval '0');
  return null;
exception when others then
  raise warning 'the status of campaign % was not told: %', new.id, sqlerrm;
  return null;
end
$$;
