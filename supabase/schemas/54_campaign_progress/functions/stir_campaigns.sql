-- Keeps campaigns awake for the next minute and a half. Who finds one awake for half a minute longer adds nothing: its own
-- transaction commits before that. Several at once add a row each and wait for nobody.
create function private.stir_campaigns()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  insert into private.campaign_stirs (campaign_id, awake_until)
  select d.campaign_id, clock_timestamp() + interval '90 seconds'
  from (select distinct n.campaign_id from new_rows n where n.campaign_id is not null and not n.folded) d
  where not exists (
    select from private.campaign_stirs s
    where s.campaign_id = d.campaign_id and s.awake_until > clock_timestamp() + interval '30 seconds');
  return null;
exception when others then
  raise warning 'the progress of campaigns was not stirred: %', sqlerrm;
  return null;
end
$$;
comment on function private.stir_campaigns is 'Definer: those who count may not write this table.';
