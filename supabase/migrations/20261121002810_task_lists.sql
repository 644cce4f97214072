-- Lists of tasks, and the job that reminds of them.

-- The caller's reach as conditions on tasks `x`, one for each way to reach a task; no task meets two of them. One condition
-- with "or" would have no index to use. Definer functions call it, with a permission that they have required.
create function private.task_reach(organization_id uuid, permission text)
returns text[]
language plpgsql stable set search_path = ''
as $$
declare
  scope text := private.require_scope(organization_id, permission);
  base text := format('x.organization_id = %L and not x.lead_deleted', organization_id);
  people uuid[] := array[auth.uid()];
begin
  if scope = 'organization' then
    return array[base];
  end if;
  if scope = 'team' then
    people := people || array(
      select mate.user_id from public.memberships mate
      join public.memberships m on m.organization_id = mate.organization_id and m.team_id = mate.team_id
      where m.organization_id = task_reach.organization_id and m.user_id = auth.uid() and mate.user_id <> auth.uid());
  end if;
  return array[
    format('%s and x.assigned_to = any (%L)', base, people),
    format('%1$s and x.created_by = any (%2$L) and (x.assigned_to = any (%2$L)) is not true', base, people),
    format('%1$s and (x.assigned_to = any (%2$L)) is not true and (x.created_by = any (%2$L)) is not true
        and x.lead_id in (select x.id from public.leads x where %3$s and %4$s)',
      base, people, private.reach(organization_id, permission), private.reach_if_any(organization_id, 'leads:read'))];
end
$$;

-- As private.reach; nothing is within reach without the permission, which is no error here.
create function private.reach_if_any(organization_id uuid, permission text)
returns text
language plpgsql stable set search_path = ''
as $$
begin
  if organization_id = any (private.organizations_reached(permission)) then
    return private.reach(organization_id, permission);
  end if;
  return 'false';
end
$$;

create function private.task_filters(filters jsonb)
returns text
language sql stable set search_path = ''
as $$
  select private.conditions(filters, '{
      "lead_id": ["lead_id", "=", "uuid"], "status": ["status", "=", "text"], "priority": ["priority", "=", "text"],
      "due_before": ["due_at", "<", "timestamptz"], "due_after": ["due_at", ">=", "timestamptz"]}')
    || case filters ->> 'assigned_to'
      when 'none' then ' and x.assigned_to is null'
      when 'me' then format(' and x.assigned_to = %L', auth.uid())
      else coalesce(' and x.assigned_to = ' || quote_literal((filters ->> 'assigned_to')::uuid), '') end
    || case filters ->> 'overdue'
      when 'true' then ' and x.status in (''open'', ''in_progress'') and x.due_at < now()'
      when 'false' then ' and (x.status in (''open'', ''in_progress'') and x.due_at < now()) is not true'
      else '' end
$$;

-- sort: a column, with "-" for descending; tasks without due time come last, or first descending. Whoever reaches the
-- whole organization gets the page from an index; others' tasks are few enough to be found once, for number and page.
-- Definer: under row level security none of this could use the indexes. The conditions are the policy's own.
create function private.list_tasks(organization_id uuid, filters jsonb, sort text, page_limit integer, page_offset integer)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
  branches text[] := private.task_reach(organization_id, 'tasks:read');
  key text := case ltrim(sort, '-')
    when 'priority' then 'array_position(array[''low'', ''normal'', ''high''], r.priority)' else format('r.%I', ltrim(sort, '-')) end;
  direction text := case when sort like '-%' then 'desc' else 'asc' end;
  filtered text := private.task_filters(filters);
  reached text;
  answer jsonb;
begin
  if ltrim(sort, '-') not in ('due_at', 'created_at', 'updated_at', 'priority') then
    perform private.problem(422, 'invalid_field', 'Tasks cannot be sorted by this.',
      '[{"path": "sort", "message": "is not a sortable field"}]');
  end if;
  select string_agg(format('select x.id, x.due_at, x.created_at, x.updated_at, x.priority from public.tasks x where %s%s', b, filtered),
    ' union all ') into reached
  from unnest(branches) b;
  execute format(
    'with reached as %1$s materialized (%2$s), page as (
      select r.id, row_number() over (order by %3$s %4$s, r.id %4$s) as n
      from reached r order by %3$s %4$s, r.id %4$s limit $3 offset $4)
    select jsonb_build_object(''total'', (select count(*) from reached), ''rows'', coalesce((
      select jsonb_agg(private.task_json(t, (
        select private.lead_label(x) from public.leads x where x.id = t.lead_id and %5$s)) order by p.n)
      from page p join public.tasks t on t.id = p.id), ''[]''))',
    case when cardinality(branches) = 1 then 'not' else '' end, reached, key, direction,
    private.reach_if_any(organization_id, 'leads:read'))
  into answer using list_tasks.organization_id, filters, page_limit, page_offset;
  return answer;
end
$$;

create function public.list_tasks(organization_id uuid, filters jsonb, sort text, page_limit integer, page_offset integer)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.list_tasks(organization_id, filters, sort, page_limit, page_offset)
$$;
comment on function public.list_tasks is
  'One page of tasks and how many there are in all. filters: { lead_id?, assigned_to?, status?, priority?, due_before?, due_after?, overdue? }.';

-- Reminds assignees of the tasks whose time has come, each once: what is claimed is disarmed in the same statement, and
-- rows that another run holds are passed over. The lead is named where the assignee may see it. Late runs catch up.
create function private.run_task_reminders(at timestamptz default now())
returns integer
language plpgsql set search_path = ''
as $$
declare
  notices private.notice[];
begin
  with due as materialized (
    select t.id from public.tasks t where t.remind_at <= run_task_reminders.at
    order by t.remind_at limit 10000 for update skip locked
  ), claimed as (
    update public.tasks t set remind_at = null from due where t.id = due.id returning t.*
  )
  select array_agg(row(t.organization_id, t.assigned_to, 'task_due',
      'task_due:' || t.id || ':' || extract(epoch from t.due_at)::bigint, 'A task is due', t.title,
      jsonb_build_object('task_id', t.id, 'task_title', t.title, 'due_at', t.due_at, 'deadline', t.due_at)
        || case when l.id is null then '{}' else jsonb_build_object('lead_id', l.id, 'lead_name', private.lead_label(l.lead)) end,
      l.id)::private.notice)
  into notices
  from claimed t
  left join lateral (
    select x.id, x as lead from public.leads x
    join public.memberships m on m.organization_id = x.organization_id and m.user_id = t.assigned_to and m.status = 'active'
    join public.role_permissions p on p.role_id = m.role_id and p.permission = 'leads:read'
    where x.organization_id = t.organization_id and x.id = t.lead_id
      and (p.scope = 'organization' or m.user_id in (x.assigned_to, x.created_by) or (p.scope = 'team' and x.team_id = m.team_id))
  ) l on true;
  perform private.notify(coalesce(notices, '{}'));
  return coalesce(cardinality(notices), 0);
end
$$;
comment on function private.run_task_reminders is 'Tells assignees of the tasks that are to be reminded of by now; answers how many.';

select cron.schedule('task-reminders', '* * * * *', 'select private.run_task_reminders()');

grant execute on function private.list_tasks(uuid, jsonb, text, integer, integer) to authenticated;
grant execute on function public.list_tasks(uuid, jsonb, text, integer, integer) to authenticated;
