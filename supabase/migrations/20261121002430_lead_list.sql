-- Lists of leads by any filter, as the caller may see them. Built as text with literal values, so that the planner sees
-- them: one statement for every combination of filters would get one plan for all of them.

-- The deleted ones, for those who may restore.
create index leads_deleted on public.leads (organization_id, created_at desc) where deleted_at is not null and merged_into is null;
-- A team's or person's few leads that are due or overdue: in their other indexes they are far apart.
create index leads_by_team_sla on public.leads (organization_id, team_id, sla_status, created_at desc)
  where deleted_at is null and sla_status in ('due_soon', 'breached');
create index leads_by_assignee_sla on public.leads (organization_id, assigned_to, sla_status, created_at desc)
  where deleted_at is null and sla_status in ('due_soon', 'breached');
create index leads_by_creator_sla on public.leads (organization_id, created_by, sla_status, created_at desc)
  where deleted_at is null and sla_status in ('due_soon', 'breached');
-- Of "assigned_to is null" the planner does not see that it leaves the order of leads_by_assignee intact.
create index leads_unassigned on public.leads (organization_id, created_at desc) include (id, team_id, created_by)
  where deleted_at is null and assigned_to is null;
create index leads_by_deadline on public.leads (organization_id, sla_deadline) where deleted_at is null;

-- A team and a person belong to one organization. Without knowing that, the planner takes a team's leads in the
-- organization for a twentieth of what they are and reads all of them where an index on the other filter would do.
create statistics public.leads_belonging (dependencies)
  on organization_id, team_id, assigned_to, created_by from public.leads;

-- What to look for in search_text for what somebody typed: the words as they are; as JSON writes them, in which custom
-- texts stand there; and for a phone number, in whatever local form, its digits without the prefix.
create function private.lead_search_patterns(term text)
returns text[]
language sql immutable set search_path = ''
as $$
  select array_agg(distinct '%' || replace(replace(replace(t.words, '\', '\\'), '%', '\%'), '_', '\_') || '%')
  from (
    values (lower(term)),
      (substr(to_jsonb(lower(term))::text, 2, char_length(to_jsonb(lower(term))::text) - 2)),
      (case when term ~ '^[+(]?[0-9][0-9 ().+/-]*$' then substring(regexp_replace(term, '\(0\)|[^0-9]', '', 'g') from '^0*([0-9]{3,})$') end)
  ) as t (words)
  where t.words <> ''
$$;

-- A day begins and ends as the organization's clocks show it; a moment is one.
create function private.moment_of(organization_id uuid, day_or_moment text, days_later integer)
returns timestamptz
language sql stable set search_path = ''
as $$
  select case when char_length(day_or_moment) = 10
    then (day_or_moment::date + days_later)::timestamp at time zone (
      select o.time_zone from public.organizations o where o.id = moment_of.organization_id)
    else day_or_moment::timestamptz end
$$;

-- filters: { status?, source?, assigned_to?: id | me | none, team_id?, tag?, created_from?, created_to?, sla?: due | breached,
-- search? }; conditions on leads x, without the caller's reach.
create function private.lead_filters(organization_id uuid, filters jsonb)
returns text
language plpgsql stable set search_path = ''
as $$
declare
  chosen text := '';
begin
  if filters ? 'status' then
    chosen := chosen || format(' and x.status = %L', filters ->> 'status');
  end if;
  if filters ? 'source' then
    chosen := chosen || format(' and x.source = %L', filters ->> 'source');
  end if;
  if filters ? 'assigned_to' then
    chosen := chosen || case filters ->> 'assigned_to' when 'none' then ' and x.assigned_to is null'
      when 'me' then format(' and x.assigned_to = %L', auth.uid())
      else format(' and x.assigned_to = %L', (filters ->> 'assigned_to')::uuid) end;
  end if;
  if filters ? 'team_id' then
    chosen := chosen || format(' and x.team_id = %L', (filters ->> 'team_id')::uuid);
  end if;
  if filters ? 'tag' then
    chosen := chosen || format(' and x.tags @> %L', array[filters ->> 'tag']);
  end if;
  if filters ? 'created_from' then
    chosen := chosen || format(' and x.created_at >= %L', private.moment_of(organization_id, filters ->> 'created_from', 0));
  end if;
  if filters ? 'created_to' then
    chosen := chosen || format(' and x.created_at < %L', private.moment_of(organization_id, filters ->> 'created_to', 1));
  end if;
  if filters ? 'sla' then
    chosen := chosen || format(' and x.sla_status = %L', case filters ->> 'sla' when 'due' then 'due_soon' else filters ->> 'sla' end);
  end if;
  if filters ->> 'search' <> '' then
    chosen := chosen || (
      select format(' and (%s)', string_agg(format('x.search_text like %L', p), ' or '))
      from unnest(private.lead_search_patterns(filters ->> 'search')) p);
  end if;
  return chosen;
end
$$;

-- For lists and exports: the SQL condition on leads x for a filter as far as the caller's permission reaches. 403 without it.
create function private.lead_conditions(organization_id uuid, filters jsonb, permission text default 'leads:read')
returns text
language sql stable set search_path = ''
as $$
  select private.reach(organization_id, permission) || private.lead_filters(organization_id, filters)
$$;
comment on function private.lead_conditions is
  'The condition on leads x that holds for the leads of a filter within the caller''s permission; definer functions execute it.';

-- The caller's reach in an organization as separate conditions on leads x, each of which an index can answer, and answer
-- in the order of a list: of "the team's, or mine" the planner would read and sort every row to find the first fifty.
create function private.reach_branches(organization_id uuid, permission text)
returns text[]
language plpgsql stable set search_path = ''
as $$
declare
  scope text := private.require_scope(organization_id, permission);
  team uuid := (
    select m.team_id from public.memberships m
    where m.organization_id = reach_branches.organization_id and m.user_id = auth.uid());
  own text[] := array[format('x.assigned_to = %L', auth.uid()), format('x.created_by = %L', auth.uid())];
begin
  return case
    when scope = 'organization' then array['true']
    when scope = 'team' and team is not null then format('x.team_id = %L', team) || own
    else own end;
end
$$;

-- The statement that answers a list as { total, rows }. What no index gives in the order of the list is found once, for the
-- number and for the page. Otherwise the first rows of everything are among the first of each branch of the reach; a lead
-- can be in several. For the number each branch counts what those before it do not.
create function private.lead_list_statement(
  organization_id uuid, filters jsonb, sort_column text, direction text, page_limit integer, page_offset integer)
returns text
language plpgsql stable set search_path = ''
as $$
declare
  deleted boolean := coalesce(filters ->> 'deleted', 'false') = 'true';
  branches text[] := private.reach_branches(organization_id, case when deleted then 'leads:delete' else 'leads:read' end);
  base text := format('x.organization_id = %L and %s%s', organization_id,
    case when deleted then 'x.deleted_at is not null and x.merged_into is null' else 'x.deleted_at is null' end,
    private.lead_filters(organization_id, filters));
  ordered text := format('x.%1$I %2$s, x.id %2$s', sort_column, direction);
  found text;
  numbers text;
begin
  if filters ? 'tag' then
    -- The tag's leads first: how many of them a team has, the planner cannot tell, and would read all of the team's.
    found := format('materialized (select x.id, x.%1$I from (select * from public.leads x where %2$s offset 0) x where %3$s)',
      sort_column, base, array_to_string(branches, ' or '));
    numbers := 'select count(*) from x';
  elsif filters ->> 'search' <> '' or (cardinality(branches) = 2 and sort_column <> 'created_at') then
    found := format('materialized (select x.id, x.%I from public.leads x where %s and (%s))',
      sort_column, base, array_to_string(branches, ' or '));
    numbers := 'select count(*) from x';
  else
    select
      format('(%s)', string_agg(format('(select x.id, x.%I from public.leads x where %s and %s order by %s limit %s)',
        sort_column, base, b.branch, ordered, page_limit::bigint + page_offset), ' union ')),
      'select ' || string_agg(format('(select count(*) from public.leads x where %s and %s%s)', base, b.branch, (
        select string_agg(format(' and (%s) is not true', earlier), '') from unnest(branches[:b.place - 1]) earlier)), ' + ')
    into found, numbers
    from unnest(branches) with ordinality b (branch, place);
  end if;
  return format(
    'with x as %1$s, p as (
      select x.id, row_number() over (order by %2$s) as n from x order by %2$s limit %3$s offset %4$s
    ), total as materialized (%5$s)
    select jsonb_build_object(''total'', (table total), ''rows'', private.lead_rows(array(
      select l from p join public.leads l on l.id = p.id order by p.n)))',
    found, ordered, page_limit, page_offset, numbers);
end
$$;

-- sort: a column, with "-" for descending. Definer: LIKE is not leakproof, so under row level security the trigram index
-- would not be used, nor would the policies let the planner see the caller's team; the conditions are the policy's own.
create function private.list_leads(organization_id uuid, filters jsonb, sort text, page_limit integer, page_offset integer)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
  sort_column text := ltrim(sort, '-');
  answer jsonb;
begin
  perform private.require_scope(organization_id, 'leads:read');
  if sort_column not in ('created_at', 'updated_at', 'full_name', 'value', 'sla_deadline') then
    perform private.problem(422, 'invalid_field', 'Leads cannot be sorted by this.',
      '[{"path": "sort", "message": "is not a sortable field"}]');
  end if;
  execute private.lead_list_statement(organization_id, filters, sort_column,
    case when sort like '-%' then 'desc' else 'asc' end, page_limit, page_offset)
  into answer;
  return answer;
end
$$;

create function public.list_leads(organization_id uuid, filters jsonb, sort text, page_limit integer, page_offset integer)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.list_leads(organization_id, filters, sort, page_limit, page_offset)
$$;
comment on function public.list_leads is
  'One page of leads and how many there are in all. filters: { status?, source?, assigned_to?, team_id?, tag?, created_from?, created_to?, sla?, search?, deleted? }.';

grant execute on function private.list_leads(uuid, jsonb, text, integer, integer) to authenticated;
grant execute on function public.list_leads(uuid, jsonb, text, integer, integer) to authenticated;
