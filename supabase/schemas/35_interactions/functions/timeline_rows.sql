-- Timeline entries: the details of each kind, and the actor. kinds and ids are parallel. One call for a page, because
-- starting the query costs more than its rows.
create function private.timeline_rows(kinds text[], ids uuid[])
returns jsonb
language sql stable set search_path = ''
as $$
  select coalesce(jsonb_agg(jsonb_build_object('id', d.id, 'kind', d.kind, 'at', private.uuid_v7_time(d.id),
    'actor_name', f.full_name)
    || d.detail order by d.n), '[]')
  from (
    select p.kind, p.id, p.n, case p.kind
      when 'interaction' then (
        select jsonb_build_object('actor_id', i.created_by, 'type', i.type, 'direction', i.direction, 'subject',
          i.subject, 'body', i.body,
          'outcome', i.outcome, 'duration_seconds', i.duration_seconds, 'occurred_at', i.occurred_at)
        from public.interactions i where i.id = p.id)
      when 'task' then (
        select jsonb_build_object('actor_id', t.created_by, 'title', t.title, 'status', t.status, 'priority',
          t.priority,
          'due_at', t.due_at, 'completed_at', t.completed_at, 'assigned_to', t.assigned_to, 'assigned_to_name',
            u.full_name)
        from public.tasks t left join public.profiles u on u.id = t.assigned_to where t.id = p.id)
      when 'message' then (
        select jsonb_build_object('actor_id', m.created_by, 'direction', m.direction, 'status', m.status, 'body',
          m.body,
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
        select jsonb_build_object('actor_id', s.created_by, 'student_id', s.id, 'student_name',
          btrim(s.first_name || ' ' || s.last_name))
        from public.students s where s.id = p.id)
      when 'lead_created' then (
        select jsonb_build_object('actor_id', l.created_by, 'source', l.source)
          || case when substr(l.id::text, 15, 1) = '7' then '{}' else jsonb_build_object('at', l.created_at) end
        from public.leads l where l.id = p.id)
      end as detail
    from unnest(kinds, ids) with ordinality p (kind, id, n)
    offset 0
  ) d
  left join public.profiles f on f.id = (d.detail ->> 'actor_id')::uuid
$$;
