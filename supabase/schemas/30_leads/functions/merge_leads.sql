-- With the assignee of the other lead the remaining one takes over that lead's answered clock, and no new clock
-- starts. The events of that clock have been moved already, so none is written.
create function private.choose_surviving_response(remaining public.leads, other public.leads)
returns void
language plpgsql set search_path = ''
as $$
begin
  perform set_config('signalbox.merging', remaining.id::text, true);
  update public.leads l
  set sla_status = other.sla_status, sla_started_at = other.sla_started_at, sla_deadline = other.sla_deadline,
    sla_responded_at = other.sla_responded_at, sla_breached_at = other.sla_breached_at,
      sla_explicit = other.sla_explicit
  where l.organization_id = remaining.organization_id and l.id = remaining.id and l.sla_status is null
    and other.sla_responded_at is not null;
  perform set_config('signalbox.merging', '', true);
end
$$;

-- Fills what the remaining lead lacks from the other one; where both have a value, the remaining lead's stays.
create function private.fill_lead(remaining public.leads, other public.leads)
returns void
language sql set search_path = ''
as $$
  update public.leads l
  set first_name = case when l.first_name = '' then other.first_name else l.first_name end,
    last_name = case when l.last_name = '' then other.last_name else l.last_name end,
      email = coalesce(l.email, other.email), phone = coalesce(l.phone, other.phone), value = case when l.value = 0
      then other.value else l.value end,
    currency = case when l.value = 0 then other.currency else l.currency end,
    tags = (array(
      select t.tag from unnest(l.tags || other.tags) with ordinality t (tag, place) group by t.tag
        order by min(t.place)))[1:50],
    time_zone = coalesce(l.time_zone, other.time_zone), country = coalesce(l.country, other.country),
    region = coalesce(l.region, other.region), custom_fields = other.custom_fields
      || jsonb_strip_nulls(l.custom_fields),
    team_id = coalesce(l.team_id, other.team_id), created_by = coalesce(l.created_by, other.created_by)
  where l.organization_id = remaining.organization_id and l.id = remaining.id
$$;

-- Moves the child rows of a lead to another lead of the organization. The caller has set signalbox.merging to that
-- lead, which the triggers of append-only tables check.
create function private.move_lead_children(from_id uuid, to_id uuid)
returns void
language plpgsql set search_path = ''
as $$
declare
  tenant uuid := (select l.organization_id from public.leads l where l.id = to_id);
begin
  update public.interactions c set lead_id = to_id where c.organization_id = tenant and c.lead_id = from_id;
  update public.tasks c set lead_id = to_id where c.organization_id = tenant and c.lead_id = from_id;
  update public.students c set lead_id = to_id where c.organization_id = tenant and c.lead_id = from_id;
  update public.messages c set lead_id = to_id where c.organization_id = tenant and c.lead_id = from_id;
  update public.consents c set lead_id = to_id where c.organization_id = tenant and c.lead_id = from_id;
  update public.emails c set lead_id = to_id where c.organization_id = tenant and c.lead_id = from_id;
  update public.sla_events c set lead_id = to_id, merged_from = coalesce(c.merged_from, from_id)
  where c.organization_id = tenant and c.lead_id = from_id;
  update public.lead_history c set lead_id = to_id, merged_from = coalesce(c.merged_from, from_id)
  where c.organization_id = tenant and c.lead_id = from_id;
  update public.lead_assignments c set lead_id = to_id, merged_from = coalesce(c.merged_from, from_id)
  where c.organization_id = tenant and c.lead_id = from_id;
  update public.leads l set merged_into = to_id where l.organization_id = tenant and l.merged_into = from_id;
end
$$;

-- POST /leads/{id}/merge: the older lead remains, whichever is named first. It keeps its assignee; without one it
-- gets the other's, unless the other lead was closed and would come back as open work. Security definer because
-- callers may not write leads and their child rows directly.
create function private.merge_leads(organization_id uuid, lead_id uuid, duplicate_id uuid)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  answer jsonb;
  leads public.leads[];
  remaining public.leads;
  other public.leads;
begin
  perform private.require_scope(organization_id, 'leads:delete');
  answer := private.idempotent_response(organization_id);
  if answer is not null then
    return answer;
  end if;
  leads := private.require_merge(organization_id, lead_id, duplicate_id);
  remaining := leads[1];
  other := leads[2];
  perform set_config('signalbox.merging', remaining.id::text, true);
  perform private.move_lead_children(other.id, remaining.id);
  perform set_config('signalbox.merging', '', true);
  update public.leads l set deleted_at = now(), deleted_by = auth.uid(), merged_into = remaining.id
  where l.organization_id = merge_leads.organization_id and l.id = other.id;
  perform private.fill_lead(remaining, other);
  if remaining.assigned_to is null and (other.outcome is null or remaining.outcome is not null)
    and private.may_hold_leads(organization_id, other.assigned_to) then
    perform private.choose_surviving_response(remaining, other);
    perform private.assign_leads(organization_id, array[remaining.id], array[other.assigned_to], 'merge');
  elsif remaining.assigned_to = other.assigned_to then
    -- The same assignee has answered both.
    update public.leads l set sla_responded_at = greatest(other.sla_responded_at, l.sla_started_at)
    where l.organization_id = merge_leads.organization_id and l.id = remaining.id
      and l.sla_status in ('running', 'due_soon')
      and l.sla_responded_at is null and other.sla_responded_at is not null;
  end if;
  select * into remaining from public.leads l where l.organization_id = merge_leads.organization_id
    and l.id = remaining.id;
  return private.store_idempotent_response(organization_id, private.lead_json(remaining));
end
$$;
grant execute on function private.merge_leads(uuid, uuid, uuid) to authenticated;

create function public.merge_leads(organization_id uuid, lead_id uuid, duplicate_id uuid)
returns jsonb
language sql set search_path = ''
as $$
  select private.merge_leads(organization_id, lead_id, duplicate_id)
$$;
comment on function public.merge_leads is
  'Merges two leads: the older one remains, with the child rows and missing values of the other.';
grant execute on function public.merge_leads(uuid, uuid, uuid) to authenticated;
