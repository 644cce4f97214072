-- What was said with a lead, and all that happened with it in one list.

alter table public.interactions
  add constraint interactions_occurred_at_sane check (occurred_at >= '2000-01-01 00:00+00');

alter policy "those who see the lead and interactions read them" on public.interactions
  using (organization_id = any ((select private.organizations_reached('interactions:read'))::uuid[]) and exists (
    select from public.leads l
    where l.organization_id = interactions.organization_id and l.id = interactions.lead_id
      and (l.organization_id = any ((select private.organizations_with('interactions:read'))::uuid[])
        or l.assigned_to = (select auth.uid()) or l.created_by = (select auth.uid())
        or l.team_id = any ((select private.teams_with('interactions:read'))::uuid[]))));

create function private.interaction_json(interaction public.interactions)
returns jsonb
language sql stable set search_path = ''
as $$
  select to_jsonb(interaction) - 'organization_id' || jsonb_build_object('created_by_name', (
    select p.full_name from public.profiles p where p.id = interaction.created_by))
$$;

-- The first contact by the lead's holder answers the response clock, at the time at which it took place but not before
-- the clock started. Contact is a call or a meeting, whoever began it, and an e-mail or text that was sent; a note or
-- something received is none. Whether that was in time, the trigger of the clock says.
-- Definer: interactions and leads are written by functions only. The lead is locked: it cannot be merged meanwhile.
create function private.create_interaction(organization_id uuid, lead_id uuid, interaction jsonb)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  lead public.leads;
  created public.interactions;
  answer jsonb;
begin
  perform private.require_scope(organization_id, 'interactions:write');
  answer := private.replayed_response(organization_id);
  if answer is not null then
    return answer;
  end if;
  lead := private.require_lead(organization_id, lead_id, 'interactions:write', true);
  insert into public.interactions
    (organization_id, lead_id, type, direction, subject, body, outcome, duration_seconds, occurred_at, created_by)
  select lead.organization_id, lead.id, r.type, r.direction, r.subject, r.body, r.outcome, r.duration_seconds,
    coalesce(r.occurred_at, now()), auth.uid()
  from jsonb_to_record(interaction) as r
    (type text, direction text, subject text, body text, outcome text, duration_seconds integer, occurred_at timestamptz)
  returning * into created;
  if created.occurred_at > now() + interval '5 minutes' then
    perform private.problem(422, 'invalid_field', 'An interaction cannot be logged before it took place.',
      '[{"path": "occurred_at", "message": "is in the future"}]');
  end if;
  if created.type in ('call', 'meeting') or (created.type in ('email', 'sms') and created.direction is distinct from 'inbound') then
    update public.leads l set sla_responded_at = greatest(l.sla_started_at, least(created.occurred_at, now()))
    where l.id = lead.id and l.assigned_to = auth.uid() and l.sla_status is not null and l.sla_responded_at is null;
  end if;
  return private.remember_response(organization_id, private.interaction_json(created));
end
$$;

create function public.create_interaction(organization_id uuid, lead_id uuid, interaction jsonb)
returns jsonb
language sql set search_path = ''
as $$
  select private.create_interaction(organization_id, lead_id, interaction)
$$;
comment on function public.create_interaction is
  'Logs an interaction with a lead; a first contact by its holder answers the response clock. Repeats with the same Idempotency-Key answer alike.';

-- Definer: see list_tasks. Newest first, in the order in which they were logged.
create function private.list_interactions(organization_id uuid, lead_id uuid, wanted_type text, page_limit integer, page_offset integer)
returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  lead public.leads := private.require_lead(organization_id, lead_id, 'interactions:read');
begin
  return jsonb_build_object(
    'total', (
      select count(*) from public.interactions i
      where i.organization_id = lead.organization_id and i.lead_id = lead.id and (wanted_type is null or i.type = wanted_type)),
    'rows', coalesce((
      select jsonb_agg(private.interaction_json(p.interaction) order by p.id desc)
      from (
        select i.id, i as interaction from public.interactions i
        where i.organization_id = lead.organization_id and i.lead_id = lead.id and (wanted_type is null or i.type = wanted_type)
        order by i.id desc limit page_limit offset page_offset
      ) p), '[]'));
end
$$;

create function public.list_interactions(
  organization_id uuid, lead_id uuid, page_limit integer, page_offset integer, wanted_type text default null)
returns jsonb
language sql set search_path = ''
as $$
  select private.list_interactions(organization_id, lead_id, wanted_type, page_limit, page_offset)
$$;
comment on function public.list_interactions is 'One page of a lead''s interactions, newest first. wanted_type: null for all.';

-- What happened, as the timeline shows it: what is peculiar to each kind, and who did it. kinds and ids are parallel.
-- One call for a page: starting the query costs more than its rows.
create function private.timeline_rows(kinds text[], ids uuid[])
returns jsonb
language sql stable set search_path = ''
as $$
  select coalesce(jsonb_agg(jsonb_build_object('id', d.id, 'kind', d.kind, 'at', private.uuid_v7_time(d.id), 'actor_name', f.full_name)
    || d.detail order by d.n), '[]')
  from (
    select p.kind, p.id, p.n, case p.kind
      when 'interaction' then (
        select jsonb_build_object('actor_id', i.created_by, 'type', i.type, 'direction', i.direction, 'subject', i.subject, 'body', i.body,
          'outcome', i.outcome, 'duration_seconds', i.duration_seconds, 'occurred_at', i.occurred_at)
        from public.interactions i where i.id = p.id)
      when 'task' then (
        select jsonb_build_object('actor_id', t.created_by, 'title', t.title, 'status', t.status, 'priority', t.priority,
          'due_at', t.due_at, 'completed_at', t.completed_at, 'assigned_to', t.assigned_to, 'assigned_to_name', u.full_name)
        from public.tasks t left join public.profiles u on u.id = t.assigned_to where t.id = p.id)
      when 'message' then (
        select jsonb_build_object('actor_id', m.created_by, 'direction', m.direction, 'status', m.status, 'body', m.body,
          'to', m.to_number, 'from', m.from_number)
        from public.messages m where m.id = p.id)
      when 'stage_change' then (
        select jsonb_build_object('actor_id', h.changed_by, 'from_status', h.from_status, 'to_status', h.to_status,
          'seconds_in_stage', h.seconds_in_stage, 'note', h.note)
        from public.lead_history h where h.id = p.id)
      when 'assignment' then (
        select jsonb_build_object('actor_id', a.assigned_by, 'from_user', a.from_user, 'from_user_name', g.full_name,
          'to_user', a.to_user, 'to_user_name', u.full_name, 'method', a.method, 'note', a.note, 'deadline', a.deadline)
        from public.lead_assignments a
        left join public.profiles g on g.id = a.from_user
        left join public.profiles u on u.id = a.to_user
        where a.id = p.id)
      when 'student_added' then (
        select jsonb_build_object('actor_id', s.created_by, 'student_id', s.id, 'student_name', btrim(s.first_name || ' ' || s.last_name))
        from public.students s where s.id = p.id)
      when 'lead_created' then (
        select jsonb_build_object('actor_id', l.created_by, 'source', l.source) from public.leads l where l.id = p.id)
      end as detail
    from unnest(kinds, ids) with ordinality p (kind, id, n)
    offset 0
  ) d
  left join public.profiles f on f.id = (d.detail ->> 'actor_id')::uuid
$$;

-- Ids are in the order of time, so they alone tell what comes after `before`, the last id of the page above. Each kind
-- gives at most a page of ids from its own index; only what is shown is read. One more than asked tells whether there
-- is more. Kinds that the caller may not read are left out. Definer: see list_tasks.
create function private.lead_timeline(organization_id uuid, lead_id uuid, wanted_kind text, before uuid, page_limit integer)
returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  lead public.leads := private.require_lead(organization_id, lead_id, 'leads:read');
  tenant uuid := lead.organization_id;
  bound uuid := coalesce(before, 'ffffffff-ffff-ffff-ffff-ffffffffffff');
  most integer := least(greatest(page_limit, 1), 200) + 1;
  kinds text[] := array['stage_change', 'assignment', 'student_added', 'lead_created']
    || case when private.reaches(lead, 'interactions:read') then array['interaction'] end
    || case when private.reaches(lead, 'tasks:read') then array['task'] end
    || case when tenant = any (private.organizations_reached('messages:read')) then array['message'] end;
  page_kinds text[];
  page_ids uuid[];
begin
  if wanted_kind is not null then
    kinds := array(select k from unnest(kinds) k where k = wanted_kind);
  end if;
  with happened as (
    (select 'interaction' as kind, i.id from public.interactions i
      where 'interaction' = any (kinds) and i.organization_id = tenant and i.lead_id = lead.id and i.id < bound
      order by i.id desc limit most)
    union all
    (select 'task', t.id from public.tasks t
      where 'task' = any (kinds) and t.organization_id = tenant and t.lead_id = lead.id and t.id < bound
      order by t.id desc limit most)
    union all
    (select 'message', m.id from public.messages m
      where 'message' = any (kinds) and m.organization_id = tenant and m.lead_id = lead.id and m.id < bound
      order by m.id desc limit most)
    union all
    (select 'stage_change', h.id from public.lead_history h
      where 'stage_change' = any (kinds) and h.organization_id = tenant and h.lead_id = lead.id and h.id < bound
      order by h.id desc limit most)
    union all
    (select 'assignment', a.id from public.lead_assignments a
      where 'assignment' = any (kinds) and a.organization_id = tenant and a.lead_id = lead.id and a.id < bound
      order by a.id desc limit most)
    union all
    (select 'student_added', s.id from public.students s
      where 'student_added' = any (kinds) and s.organization_id = tenant and s.lead_id = lead.id and s.id < bound
      order by s.id desc limit most)
    union all
    select 'lead_created', lead.id where 'lead_created' = any (kinds) and lead.id < bound
  )
  select array_agg(p.kind order by p.id desc), array_agg(p.id order by p.id desc) into page_kinds, page_ids
  from (select h.kind, h.id from happened h order by h.id desc limit most) p;
  return jsonb_build_object('rows', private.timeline_rows(page_kinds[:most - 1], page_ids[:most - 1]),
    'next_before', case when cardinality(page_ids) = most then page_ids[most - 1] end);
end
$$;

create function public.lead_timeline(
  organization_id uuid, lead_id uuid, page_limit integer, before uuid default null, wanted_kind text default null)
returns jsonb
language sql set search_path = ''
as $$
  select private.lead_timeline(organization_id, lead_id, wanted_kind, before, page_limit)
$$;
comment on function public.lead_timeline is
  'What happened with a lead, newest first: { rows, next_before }. before: the id that the page above ended with; wanted_kind: null for all.';

grant execute on function private.create_interaction(uuid, uuid, jsonb),
  private.list_interactions(uuid, uuid, text, integer, integer), private.lead_timeline(uuid, uuid, text, uuid, integer) to authenticated;
grant execute on function public.create_interaction(uuid, uuid, jsonb),
  public.list_interactions(uuid, uuid, integer, integer, text), public.lead_timeline(uuid, uuid, integer, uuid, text) to authenticated;
