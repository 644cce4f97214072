-- What the streams read once a second. Computes the state itself if that was not done for a second, so that clients do
-- not depend on the job. Security definer because callers may not read the counters.
create function private.campaign_progress(organization_id uuid, campaign_id uuid)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  campaign public.campaigns := private.find_campaign(organization_id, campaign_id);
begin
  perform private.broadcast_progress(campaign.id, interval '1 second');
  return (select private.progress_json(p) from private.campaign_progress p where p.campaign_id = campaign.id);
end
$$;
grant execute on function private.campaign_progress(uuid, uuid) to authenticated;

create function public.campaign_progress(organization_id uuid, campaign_id uuid)
returns jsonb
language sql set search_path = ''
as $$
  select private.campaign_progress(organization_id, campaign_id)
$$;
comment on function public.campaign_progress is
  'A campaign''s live figures, as broadcast to campaign:{id}; a higher version is a later state.';
grant execute on function public.campaign_progress(uuid, uuid) to authenticated;
