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

-- Tasks without due time come last, or first when descending. Security definer: see 06_lists.
create function private.list_tasks(organization_id uuid, filters jsonb, sort text, page_limit integer,
  page_offset integer, page_cursor text)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
  list private.list_query;
  page record;
begin
  list.relation := 'public.tasks';
  list.branches := private.task_scope_filter(organization_id, 'tasks:read');
  if filters ->> 'assigned_to' in ('me', auth.uid()::text) then
    list.branches := list.branches[1:1];
  end if;
  list.condition := format('x.organization_id = %L', organization_id) || private.task_filters(filters);
  list := private.sorted_by(list, sort, '{
    "due_at": ["coalesce(x.due_at, ''infinity'')", "timestamptz"],
    "created_at": ["x.created_at", "timestamptz"], "updated_at": ["x.updated_at", "timestamptz"],
    "priority": ["array_position(array[''low'', ''normal'', ''high''], x.priority)", "integer"]}');
  list.is_collected := cardinality(list.branches) > 1;
  page := private.find_page(list, page_limit, page_offset, page_cursor);
  return jsonb_build_object('total', page.total, 'total_is_capped', page.total_is_capped,
    'next_cursor', page.next_cursor, 'rows', private.task_rows(organization_id, page.ids));
end
$$;
grant execute on function private.list_tasks(uuid, jsonb, text, integer, integer, text) to authenticated;

create function public.list_tasks(organization_id uuid, filters jsonb default '{}', sort text default 'due_at',
  page_limit integer default 50, page_offset integer default 0, page_cursor text default null)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.list_tasks(organization_id, coalesce(filters, '{}'), sort, page_limit, page_offset, page_cursor)
$$;
comment on function public.list_tasks is
  'One page of tasks; total counts up to 10,000. filters: see private.task_filters; sort: a column, with "-" for '
  'descending; page_cursor: next_cursor of the page before.';
grant execute on function public.list_tasks(uuid, jsonb, text, integer, integer, text) to authenticated;
