-- Replaces a campaign's templates and numbers, as far as `given` names them.
create function private.set_campaign_parts(campaign public.campaigns, given jsonb)
returns void
language plpgsql set search_path = ''
as $$
declare
  faults jsonb;
begin
  if given ? 'templates' then
    -- Share locks: no template is deleted or changes its category until the row that forbids it is committed.
    perform from public.templates x
    where x.organization_id = campaign.organization_id
      and x.id in (select t.template_id from jsonb_to_recordset(given -> 'templates') t (template_id uuid))
    order by x.id for share;
    select jsonb_agg(jsonb_build_object('path', 'templates.' || t.place - 1 || '.template_id', 'message',
        case when x.id is null then 'is not a template of the organization' else 'is not for marketing' end)
          order by t.place)
    into faults
    from rows from (jsonb_to_recordset(given -> 'templates') as (template_id uuid)) with ordinality t (template_id,
      place)
    left join public.templates x on x.organization_id = campaign.organization_id and x.id = t.template_id
    where x.category is distinct from 'marketing';
    if faults is not null then
      perform private.problem(422, 'invalid_field', 'Some fields are invalid.', faults);
    end if;
    delete from public.campaign_templates t
    where t.organization_id = campaign.organization_id and t.campaign_id = campaign.id;
    insert into public.campaign_templates (organization_id, campaign_id, template_id, weight)
    select campaign.organization_id, campaign.id, t.template_id, coalesce(t.weight, 1)
    from jsonb_to_recordset(given -> 'templates') t (template_id uuid, weight integer);
  end if;
  if given ? 'numbers' then
    if exists (
      select from jsonb_array_elements_text(given -> 'numbers') n (id)
      where not exists (
        select from public.sms_accounts a where a.organization_id = campaign.organization_id
          and a.id = n.id::uuid)) then
      perform private.problem(422, 'invalid_field', 'Some fields are invalid.',
        '[{"path": "numbers", "message": "contains an id that is not a number of the organization"}]');
    end if;
    delete from public.campaign_numbers n
    where n.organization_id = campaign.organization_id and n.campaign_id = campaign.id;
    insert into public.campaign_numbers (organization_id, campaign_id, account_id)
    select distinct campaign.organization_id, campaign.id, n.id::uuid
    from jsonb_array_elements_text(given -> 'numbers') n (id);
  end if;
end
$$;
