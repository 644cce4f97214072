-- Notifies who started the campaign, who created it, and the admins.
create function private.notify_about_campaign(campaign public.campaigns, event text, title text, body text)
returns void
language plpgsql set search_path = ''
as $$
begin
  perform private.notify(array(
    select row(campaign.organization_id, p.user_id, 'campaign', 'campaign:' || campaign.id || ':' || event, title, body,
      jsonb_build_object('campaign_id', campaign.id, 'campaign_name', campaign.name), null)::private.notification
    from (
      select campaign.started_by as user_id union select campaign.created_by union
      select m.user_id from public.memberships m join public.roles r on r.id = m.role_id
      where m.organization_id = campaign.organization_id and m.status = 'active' and r.organization_id is null
        and r.key = 'admin'
    ) p where p.user_id is not null));
end
$$;
