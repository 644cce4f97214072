-- Keeps campaigns awake for the next minute and a half. Who finds one awake for half a minute longer adds nothing: its own
-- transaction commits before that. Several at once add a row each and wait for nobody.
create function private.mark_campaigns_dirty()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  insert into private.campaign_progress_dirty (campaign_id, dirty_until)
  select d.campaign_id, clock_timestamp() + interval '90 seconds'
  from (select distinct n.campaign_id from new_rows n where n.campaign_id is not null and not n.rolled_up) d
  where not exists (
    select from private.campaign_progress_dirty s
    where s.campaign_id = d.campaign_id and s.dirty_until > clock_timestamp() + interval '30 seconds');
  return null;
exception when others then
  raise warning 'the progress of campaigns was not stirred: %', sqlerrm;
  return null;
end
$$;
comment on function private.mark_campaigns_dirty is 'Definer: those who count may not write this table.';
