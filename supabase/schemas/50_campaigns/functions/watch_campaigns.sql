-- From claims: each campaign at most every two seconds, by one dispatcher.
create function private.watch_campaigns(campaign_ids uuid[])
returns void
language plpgsql set search_path = ''
as $$
declare
  watched uuid;
begin
  for watched in
    select w.campaign_id from private.campaign_watches w
    where w.campaign_id = any (campaign_ids) and w.watched_at < clock_timestamp() - interval '2 seconds'
    order by w.campaign_id for update skip locked
  loop
    update private.campaign_watches w set watched_at = clock_timestamp() where w.campaign_id = watched;
    perform private.watch_campaign(watched);
  end loop;
end
$$;
