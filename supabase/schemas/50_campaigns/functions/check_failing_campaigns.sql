-- Called by claims: checks each campaign at most every two seconds, by one dispatcher.
create function private.check_failing_campaigns(campaign_ids uuid[])
returns void
language plpgsql set search_path = ''
as $$
declare
  checked_id uuid;
begin
  for checked_id in
    select w.campaign_id from private.campaign_failure_checks w
    where w.campaign_id = any (campaign_ids) and w.checked_until < clock_timestamp() - interval '2 seconds'
    order by w.campaign_id for update skip locked
  loop
    update private.campaign_failure_checks w set checked_until = clock_timestamp() where w.campaign_id = checked_id;
    perform private.check_campaign_failures(checked_id);
  end loop;
end
$$;
