-- Conditions on tasks x, without the caller's scope. filters: { lead_id?, assigned_to?: id | me | none, status?,
-- priority?, due_before?, due_after?, overdue? }.
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

-- sort: a column, with "-" for descending; tasks without due time come last, or first when descending. With
-- organization scope an index gives the page; with other scopes the tasks are few and found once, for the total and
-- the page. Security definer because under row level security no index could be used; the conditions are those of the
-- policy.
create function private.list_tasks(organization_id uuid, filters jsonb, sort text, page_limit integer,
  page_offset integer)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
  branches text[] := private.task_scope_filter(organization_id, 'tasks:read');
  key text := case ltrim(sort, '-')
    when 'priority' then 'array_position(array[''low'', ''normal'', ''high''], r.priority)'
      else format('r.%I', ltrim(sort, '-')) end;
  direction text := case when sort like '-%' then 'desc' else 'asc' end;
  conditions text := private.task_filters(filters);
  union_all text;
  total bigint;
  ids uuid[];
begin
  if ltrim(sort, '-') not in ('due_at', 'created_at', 'updated_at', 'priority') then
    perform private.problem(422, 'invalid_field', 'Tasks cannot be sorted by this.',
      '[{"path": "sort", "message": "is not a sortable field"}]');
  end if;
  if filters ->> 'assigned_to' in ('me', auth.uid()::text) then
    branches := branches[1:1];
  end if;
  select string_agg(format(
    'select x.id, x.due_at, x.created_at, x.updated_at, x.priority from public.tasks x where %s%s', b, conditions),
    ' union all ') into union_all
  from unnest(branches) b;
  execute format(
    'with matches as %1$s materialized (%2$s)
    select (select count(*) from matches), array(
      select r.id from matches r order by %3$s %4$s, r.id %4$s limit $3 offset $4)',
    case when cardinality(branches) = 1 then 'not' else '' end, union_all, key, direction)
  into total, ids using list_tasks.organization_id, filters, page_limit, page_offset;
  return jsonb_build_object('total', total, 'rows', private.task_rows(organization_id, ids));
end
$$;
grant execute on function private.list_tasks(uuid, jsonb, text, integer, integer) to authenticated;

create function public.list_tasks(organization_id uuid, filters jsonb, sort text, page_limit integer,
  page_offset integer)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.list_tasks(organization_id, filters, sort,
    private.page_size(page_limit), private.page_start(page_offset))
$$;
comment on function public.list_tasks is
  'One page of tasks and their total number. filters: see private.task_filters.';
grant execute on function public.list_tasks(uuid, jsonb, text, integer, integer) to authenticated;
