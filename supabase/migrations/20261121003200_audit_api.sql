-- Reading the audit log, at any size. It is partitioned by time and listed by its ids, which are times too: a page reads
-- what it shows, dates cut whole months away, and counting stops at ten thousand.

-- What is rare and looked for. Inserts and updates are everywhere: a list finds them by walking back in time.
create index audit_logs_deletes on public.audit_logs (organization_id, id desc) where action = 'delete';

-- A month can neither be emptied by itself: triggers for truncate are not handed down to partitions.
create or replace function private.create_month_partition(parent regclass, month timestamptz)
returns void
language plpgsql set search_path = ''
as $$
declare
  first_day timestamptz := date_trunc('month', month at time zone 'UTC') at time zone 'UTC';
  next_month timestamptz := (date_trunc('month', month at time zone 'UTC') + interval '1 month') at time zone 'UTC';
  base text := (select relname from pg_catalog.pg_class where oid = parent);
  name text := base || '_' || to_char(first_day at time zone 'UTC', 'YYYY_MM');
begin
  execute format(
    'create table if not exists partitions.%I partition of %s for values from (%L) to (%L)',
    name, parent, private.uuid_v7_floor(first_day), private.uuid_v7_floor(next_month)
  );
  if parent = 'public.audit_logs'::regclass then
    execute format('create or replace trigger immutable_truncate before truncate on partitions.%I
      for each statement execute function private.refuse_change()', name);
  end if;
end
$$;

do $$
declare
  partition regclass;
begin
  for partition in select i.inhrelid::regclass from pg_catalog.pg_inherits i where i.inhparent = 'public.audit_logs'::regclass loop
    execute format('create or replace trigger immutable_truncate before truncate on %s
      for each statement execute function private.refuse_change()', partition);
  end loop;
end
$$;

-- The moment a filter names: a moment, or the beginning of a day in the organization's time zone (or of the next day).
create function private.moment(organization_id uuid, named text, end_of_day boolean)
returns timestamptz
language sql stable set search_path = ''
as $$
  select case when named ~ '^\d{4}-\d{2}-\d{2}$'
    then (named::date + case when end_of_day then 1 else 0 end)::timestamp at time zone (
      select o.time_zone from public.organizations o where o.id = moment.organization_id)
    else named::timestamptz end
$$;

-- The filters as a condition on entries `x`, with literal values, so that the planner sees dates and leaves months out. An
-- entry's id is made while its transaction runs, so never before created_at, and at most an hour after it.
create function private.audit_condition(organization_id uuid, filters jsonb)
returns text
language plpgsql stable set search_path = ''
as $$
declare
  since timestamptz := private.moment(organization_id, filters ->> 'date_from', false);
  until timestamptz := private.moment(organization_id, filters ->> 'date_to', true);
begin
  return format('x.organization_id = %L', organization_id)
    || case when since is null then '' else format(' and x.id >= %L and x.created_at >= %L', private.uuid_v7_floor(since), since) end
    || case when until is null then ''
      else format(' and x.id < %L and x.created_at < %L', private.uuid_v7_floor(until + interval '1 hour'), until) end
    || case when filters ? 'user_id' then format(' and x.actor_id = %L', (filters ->> 'user_id')::uuid) else '' end
    || case when filters ? 'action' then format(' and x.action = %L', filters ->> 'action') else '' end
    || case when filters ? 'resource' then format(' and x.resource = %L', filters ->> 'resource') else '' end
    || case when filters ? 'resource_id' then format(' and x.resource_id = %L', (filters ->> 'resource_id')::uuid) else '' end
    || case when filters ? 'before_id' then format(' and x.id < %L', (filters ->> 'before_id')::uuid) else '' end;
end
$$;

-- What is searched for, as a condition on entries `x`: a part of the resource, of the name or address of who did it, or of
-- the values before and after; or the whole of an action, a changed field, an id, a request id or an address.
create function private.audit_search(organization_id uuid, term text)
returns text
language plpgsql stable set search_path = ''
as $$
declare
  word text := lower(term);
  pattern text := '%' || replace(replace(replace(word, '\', '\\'), '%', '\%'), '_', '\_') || '%';
  -- As the text of JSON has it: quotes and backslashes escaped.
  in_json text := '%' || replace(replace(replace(btrim(to_json(word)::text, '"'), '\', '\\'), '%', '\%'), '_', '\_') || '%';
  -- The people who ever did something here are few: the index is skipped through from one to the next.
  actors uuid[] := array(
    with recursive actors (id) as (
      (select a.actor_id from public.audit_logs a
        where a.organization_id = audit_search.organization_id and a.actor_id is not null order by a.actor_id limit 1)
      union all
      select (
        select a.actor_id from public.audit_logs a
        where a.organization_id = audit_search.organization_id and a.actor_id > p.id order by a.actor_id limit 1)
      from actors p where p.id is not null
    )
    select p.id from actors a join public.profiles p on p.id = a.id where lower(p.full_name || ' ' || p.email) like pattern);
begin
  return format('(x.resource like %1$L or x.action = %2$L or x.request_id = %3$L or x.ip = %2$L or %2$L = any (x.changed)
    or x.resource_id::text = %2$L or x.id::text = %2$L or x.actor_id = any (%4$L) or x.impersonator_id = any (%4$L)
    or lower(x.after::text) like %5$L or lower(x.before::text) like %5$L)', pattern, word, term, actors, in_json);
end
$$;

-- An entry as functions answer it, with its values where asked for.
create function private.audit_json(entry public.audit_logs, with_values boolean)
returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object('id', entry.id, 'action', entry.action, 'resource', entry.resource, 'resource_id', entry.resource_id,
      'user_id', entry.actor_id, 'user_name', a.full_name, 'user_email', a.email, 'impersonator_id', entry.impersonator_id,
      'impersonator_name', (select i.full_name from public.profiles i where i.id = entry.impersonator_id),
      'changed', entry.changed, 'request_id', entry.request_id, 'ip', entry.ip, 'created_at', entry.created_at)
    || case when with_values then jsonb_build_object('before', entry.before, 'after', entry.after) else '{}' end
  from (select) one left join public.profiles a on a.id = entry.actor_id
$$;

-- filters: { date_from?, date_to?, user_id?, action?, resource?, resource_id?, search? }. A search looks at the newest
-- 20,000 entries that match the other filters and says in searched_from how far back that was, if there are more.
-- Definer: names of people who have left are not everybody's to read, and the policy would be judged for every row.
create function private.list_audit_logs(organization_id uuid, filters jsonb, page_limit integer, page_offset integer)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
  condition text;
  answer jsonb;
begin
  perform private.require_permission(organization_id, 'audit:read');
  condition := private.audit_condition(organization_id, filters);
  if filters ? 'search' then
    execute format(
      'with looked as materialized (
        select x.id, %2$s as hit from (select * from public.audit_logs x where %1$s order by x.id desc limit 20000) x
      )
      select jsonb_build_object(
        ''total'', (select count(*) from looked l where l.hit),
        ''searched_from'', (select case when count(*) = 20000 then private.uuid_v7_time(min(l.id::text)::uuid) end from looked l),
        ''rows'', coalesce((select jsonb_agg(private.audit_json(x, false) order by x.id desc) from public.audit_logs x
          where x.id = any (array(select l.id from looked l where l.hit order by l.id desc limit $1 offset $2))), ''[]''))',
      condition, private.audit_search(organization_id, filters ->> 'search'))
    into answer using page_limit, page_offset;
  else
    execute format(
      'select jsonb_build_object(
        ''total'', (select count(*) from (select from public.audit_logs x where %1$s limit 10001) c),
        ''rows'', coalesce((select jsonb_agg(private.audit_json(p, false) order by p.id desc) from (
          select * from public.audit_logs x where %1$s order by x.id desc limit $1 offset $2) p), ''[]''))', condition)
    into answer using page_limit, page_offset;
  end if;
  return answer || jsonb_build_object('total', least((answer ->> 'total')::integer, 10000),
    'total_is_capped', (answer ->> 'total')::integer > 10000);
end
$$;

-- Definer: see list_audit_logs.
create function private.get_audit_log(organization_id uuid, entry_id uuid)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
  answer jsonb;
begin
  perform private.require_permission(organization_id, 'audit:read');
  select private.audit_json(x, true) into answer from public.audit_logs x
  where x.organization_id = get_audit_log.organization_id and x.id = entry_id;
  if answer is null then
    perform private.problem(404, 'not_found', 'There is no such entry.');
  end if;
  return answer;
end
$$;

-- The next slice of an export, newest first: { rows, next } where next is the before_id of the following slice, null at the
-- end. A slice looks at 1,000 entries, or at 20,000 in search of some. Definer: see list_audit_logs.
create function private.export_audit_logs(organization_id uuid, filters jsonb)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
  wanted integer := case when filters ? 'search' then 20000 else 1000 end;
  answer jsonb;
begin
  perform private.require_permission(organization_id, 'audit:read');
  execute format(
    'with looked as materialized (select * from public.audit_logs x where %1$s order by x.id desc limit %2$s)
    select jsonb_build_object(
      ''rows'', coalesce((select jsonb_agg(private.audit_json(x, true) order by x.id desc) from looked x where %3$s), ''[]''),
      ''next'', (select case when count(*) = %2$s then min(l.id::text) end from looked l))',
    private.audit_condition(organization_id, filters), wanted,
    case when filters ? 'search' then private.audit_search(organization_id, filters ->> 'search') else 'true' end)
  into answer;
  return answer;
end
$$;

create function public.list_audit_logs(organization_id uuid, filters jsonb, page_limit integer, page_offset integer)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.list_audit_logs(organization_id, filters, page_limit, page_offset)
$$;
comment on function public.list_audit_logs is 'One page of the audit log, newest first; total counts up to 10,000.';

create function public.get_audit_log(organization_id uuid, entry_id uuid)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.get_audit_log(organization_id, entry_id)
$$;
comment on function public.get_audit_log is 'An entry of the audit log with the values before and after.';

create function public.export_audit_logs(organization_id uuid, filters jsonb)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.export_audit_logs(organization_id, filters)
$$;
comment on function public.export_audit_logs is 'The next slice of the audit log for an export; filters may hold before_id, where the last one ended.';

grant execute on function private.list_audit_logs(uuid, jsonb, integer, integer), private.get_audit_log(uuid, uuid),
  private.export_audit_logs(uuid, jsonb) to authenticated;
grant execute on function public.list_audit_logs(uuid, jsonb, integer, integer), public.get_audit_log(uuid, uuid),
  public.export_audit_logs(uuid, jsonb) to authenticated;
