-- Created with the campaign, so that concurrent writers never wait for each other to insert it. Security definer, as
-- mark_campaigns_dirty.
create function private.create_campaign_progress()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  insert into private.campaign_progress (campaign_id, state) values (new.id, private.campaign_state(new.id));
  return null;
end
$$;
