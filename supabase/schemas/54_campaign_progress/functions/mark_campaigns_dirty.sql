-- Marks campaigns as dirty for the next minute and a half. Nothing is added while a mark lasts for another half minute:
-- transactions commit before that. Concurrent transactions add a row each and do not wait. Security definer because
-- those who change the counters may not write this table.
create function private.mark_campaigns_dirty()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  insert into private.campaign_progress_dirty (campaign_id, dirty_until)
  select d.campaign_id, clock_timestamp() + private.dirty_period()
  from (select distinct n.campaign_id from new_rows n where n.campaign_id is not null and not n.rolled_up) d
  where not exists (
    select from private.campaign_progress_dirty s
    where s.campaign_id = d.campaign_id and s.dirty_until > clock_timestamp() + interval '30 seconds');
  return null;
exception when others then
  raise warning 'campaigns were not marked as dirty: %', sqlerrm;
  return null;
end
$$;
