-- Who was texted must still get an answer to HELP. Definer: an admin need not see campaigns.
create function private.require_contact_details()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  if exists (
    select from public.campaigns c
    where c.organization_id = old.id and (c.status in ('freezing', 'running') or c.status = 'paused' and c.started_at is not null))
  then
    perform private.problem(409, 'campaign_under_way', 'The contact details stay while a campaign is under way: HELP must name them.');
  end if;
  return new;
end
$$;
