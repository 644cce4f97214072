-- With the campaign, so that nobody ever has to wait for somebody else who adds it. Definer: see mark_campaigns_dirty.
create function private.create_campaign_progress()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  insert into private.campaign_progress (campaign_id, state) values (new.id, private.campaign_state(new.id));
  return null;
end
$$;
