-- Ids are in the order of time, so they alone define what follows `before`, the last id of the previous page. Each
-- kind contributes at most max_rows ids from its own index, and only the rows of the page are read. One row more than
-- requested shows whether there is a next page. A lead that was imported with an older kind of id has its place by its
-- time of creation. Kinds that the caller may not read are left out. Security definer:
-- see list_tasks.
create function private.lead_timeline(organization_id uuid, lead_id uuid, wanted_kind text, before uuid,
  page_limit integer)
returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  lead public.leads := private.require_lead(organization_id, lead_id, 'leads:read');
  organization uuid := lead.organization_id;
  bound uuid := coalesce(before, 'ffffffff-ffff-ffff-ffff-ffffffffffff');
  max_rows integer := least(greatest(page_limit, 1), 200) + 1;
  kinds text[] := array['stage_change', 'assignment', 'student_added', 'lead_created']
    || case when private.lead_in_scope(lead, 'interactions:read') then array['interaction'] end
    || case when private.lead_in_scope(lead, 'tasks:read') then array['task'] end
    || case when organization = any (private.organizations_in_scope('messages:read')) then array['message'] end;
  lead_place constant uuid := case when substr(lead.id::text, 15, 1) = '7' then lead.id
    else private.uuid_v7_floor(lead.created_at) end;
  page_kinds text[];
  page_ids uuid[];
  page_places uuid[];
begin
  if wanted_kind is not null then
    kinds := array(select k from unnest(kinds) k where k = wanted_kind);
  end if;
  with events as (
    (select 'interaction' as kind, i.id, i.id as place from public.interactions i
      where 'interaction' = any (kinds) and i.organization_id = organization and i.lead_id = lead.id and i.id < bound
      order by i.id desc limit max_rows)
    union all
    (select 'task', t.id, t.id from public.tasks t
      where 'task' = any (kinds) and t.organization_id = organization and t.lead_id = lead.id and t.id < bound
      order by t.id desc limit max_rows)
    union all
    (select 'message', m.id, m.id from public.messages m
      where 'message' = any (kinds) and m.organization_id = organization and m.lead_id = lead.id and m.id < bound
      order by m.id desc limit max_rows)
    union all
    (select 'stage_change', h.id, h.id from public.lead_history h
      where 'stage_change' = any (kinds) and h.organization_id = organization and h.lead_id = lead.id and h.id < bound
      order by h.id desc limit max_rows)
    union all
    (select 'assignment', a.id, a.id from public.lead_assignments a
      where 'assignment' = any (kinds) and a.organization_id = organization and a.lead_id = lead.id and a.id < bound
      order by a.id desc limit max_rows)
    union all
    (select 'student_added', s.id, s.id from public.students s
      where 'student_added' = any (kinds) and s.organization_id = organization and s.lead_id = lead.id and s.id < bound
      order by s.id desc limit max_rows)
    union all
    select 'lead_created', lead.id, lead_place where 'lead_created' = any (kinds) and lead_place < bound
  )
  select array_agg(p.kind order by p.place desc), array_agg(p.id order by p.place desc),
    array_agg(p.place order by p.place desc)
  into page_kinds, page_ids, page_places
  from (select h.kind, h.id, h.place from events h order by h.place desc limit max_rows) p;
  return jsonb_build_object('rows', private.timeline_rows(page_kinds[:max_rows - 1], page_ids[:max_rows - 1]),
    'next_before', case when cardinality(page_ids) = max_rows then page_places[max_rows - 1] end);
end
$$;
grant execute on function private.lead_timeline(uuid, uuid, text, uuid, integer) to authenticated;

create function public.lead_timeline(
  organization_id uuid, lead_id uuid, page_limit integer, before uuid default null, wanted_kind text default null)
returns jsonb
language sql set search_path = ''
as $$
  select private.lead_timeline(organization_id, lead_id, wanted_kind, before, page_limit)
$$;
comment on function public.lead_timeline is
  'Events of a lead, newest first: { rows, next_before }. before: next_before of the previous page.';
grant execute on function public.lead_timeline(uuid, uuid, integer, uuid, text) to authenticated;
