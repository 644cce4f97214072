-- HELP must be answered while recipients of a campaign may ask. Security definer because an admin may not be able to
-- read campaigns.
create function private.require_contact_details()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  if exists (
    select from public.campaigns c
    where c.organization_id = old.id and (c.status in ('freezing', 'running') or c.status = 'paused'
      and c.started_at is not null))
  then
    perform private.problem(409, 'campaign_under_way',
      'The contact details are needed while a campaign is under way: the answer to HELP names them.');
  end if;
  return new;
end
$$;
