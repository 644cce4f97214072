-- A status shows at once, however recent the last broadcast is. At the end of the transaction, so that the figures it
-- goes out with are those that the change leaves behind. Definer: as stir_campaigns.
create function private.tell_status()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  insert into private.campaign_stirs (campaign_id, awake_until) values (new.id, clock_timestamp() + interval '90 seconds');
  perform private.tell_progress(new.id, interval '0');
  return null;
exception when others then
  raise warning 'the status of campaign % was not told: %', new.id, sqlerrm;
  return null;
end
$$;
