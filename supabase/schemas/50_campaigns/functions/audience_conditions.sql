-- The SQL conditions on leads `x` of a campaign's audience. The ids of a list are in the text: lists are bounded.
create function private.audience_conditions(campaign public.campaigns)
returns text
language plpgsql stable set search_path = ''
as $$
begin
  return format('x.organization_id = %L and x.deleted_at is null', campaign.organization_id) || case
    when campaign.audience ? 'lead_ids' then format(' and x.id = any (%L::uuid[])',
      array(select jsonb_array_elements_text(campaign.audience -> 'lead_ids')))
    else private.lead_filters(campaign.organization_id, coalesce(campaign.audience -> 'filter', '{}')) end;
end
$$;
