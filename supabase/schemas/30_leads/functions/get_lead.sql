-- GET /leads/{id}: the lead, its students and the number of its other child rows, as far as the caller may see those.
-- Security definer: see list_leads.
create function private.get_lead(organization_id uuid, lead_id uuid)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
  lead public.leads := private.require_lead(organization_id, lead_id, 'leads:read');
begin
  return private.lead_json(lead) || jsonb_build_object(
    'students', coalesce((
      select jsonb_agg(to_jsonb(s) - 'organization_id' order by s.id) from (
        select s.* from public.students s
        where s.organization_id = get_lead.organization_id and s.lead_id = get_lead.lead_id order by s.id limit 50) s),
          '[]'),
    'counts', jsonb_build_object(
      'students', (
        select count(*) from public.students s
        where s.organization_id = get_lead.organization_id and s.lead_id = get_lead.lead_id),
      'interactions', case when private.lead_in_scope(lead, 'interactions:read') then (
        select count(*) from public.interactions i
        where i.organization_id = get_lead.organization_id and i.lead_id = get_lead.lead_id) end,
      'open_tasks', case when private.lead_in_scope(lead, 'tasks:read') then (
        select count(*) from public.tasks t
        where t.organization_id = get_lead.organization_id and t.lead_id = get_lead.lead_id
          and t.status in ('open', 'in_progress')) end,
      'messages', case when private.lead_in_scope(lead, 'messages:read') then (
        select count(*) from public.messages m
        where m.organization_id = get_lead.organization_id and m.lead_id = get_lead.lead_id) end));
end
$$;
grant execute on function private.get_lead(uuid, uuid) to authenticated;

create function public.get_lead(organization_id uuid, lead_id uuid)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.get_lead(organization_id, lead_id)
$$;
comment on function public.get_lead is
  'A lead with its students and the numbers of its interactions, open tasks and messages.';
grant execute on function public.get_lead(uuid, uuid) to authenticated;
