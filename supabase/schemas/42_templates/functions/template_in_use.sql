-- Whether a campaign in one of these states uses the template.
create function private.template_in_use(organization_id uuid, template_id uuid, states text[])
returns boolean
language plpgsql stable set search_path = ''
as $$
begin
  return exists (
    select from public.campaign_templates t
    join public.campaigns c on c.organization_id = t.organization_id and c.id = t.campaign_id
    where t.organization_id = template_in_use.organization_id and t.template_id = template_in_use.template_id
      and c.deleted_at is null and c.status = any (states));
end
$$;
