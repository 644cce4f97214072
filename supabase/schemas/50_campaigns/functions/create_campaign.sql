-- Security definer because campaigns are written by functions only.
create function private.create_campaign(organization_id uuid, campaign jsonb)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  answer jsonb;
  wanted public.campaigns;
begin
  perform private.require_permission(organization_id, 'campaigns:write');
  answer := private.idempotent_response(organization_id);
  if answer is not null then
    return answer;
  end if;
  wanted := jsonb_populate_record(null::public.campaigns, campaign);
  insert into public.campaigns (organization_id, name, audience, scheduled_at, late_after_minutes, messages_per_minute,
    pause_error_rate, pause_filtered_rate, pause_after, created_by)
  values (organization_id, wanted.name, private.checked_audience(organization_id, wanted.audience), wanted.scheduled_at,
    coalesce(wanted.late_after_minutes, 60), wanted.messages_per_minute, coalesce(wanted.pause_error_rate, 0.2),
    coalesce(wanted.pause_filtered_rate, 0.05), coalesce(wanted.pause_after, 100), auth.uid())
  returning * into wanted;
  perform private.set_campaign_parts(wanted, campaign);
  return private.store_idempotent_response(organization_id, private.campaign_json(wanted.id));
end
$$;
grant execute on function private.create_campaign(uuid, jsonb) to authenticated;

create function public.create_campaign(organization_id uuid, campaign jsonb)
returns jsonb
language sql set search_path = ''
as $$
  select private.create_campaign(organization_id, campaign)
$$;
comment on function public.create_campaign is
  'Adds a campaign as a draft; a repeat with the same Idempotency-Key gets the same answer.';
grant execute on function public.create_campaign(uuid, jsonb) to authenticated;
