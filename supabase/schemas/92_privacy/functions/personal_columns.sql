-- The tables of the catalogue, partitions one by one, in the order in which a request goes through them.
create function private.privacy_places()
returns table (place text, relation text)
language sql stable set search_path = ''
as $$
  select coalesce(t.relid::text, r.relation), r.relation
  from (select distinct d.relation from private.personal_data d
    where d.searched or d.erased_as not in ('none', 'kept')) r
  -- Of a table that is not partitioned there is no tree.
  left join lateral pg_catalog.pg_partition_tree(to_regclass(r.relation)) t on true
  where t.isleaf is not false
$$;

-- Which rows of a table are the organization's (p.organization_id). One without organization_id belongs to a parent.
create function private.privacy_tenant(relation text)
returns text
language sql stable set search_path = ''
as $$
  select case
    when relation in ('private.lead_import_errors') then
      'exists (select from public.lead_imports o where o.id = x.import_id and o.organization_id = p.organization_id)'
    when relation in ('private.lead_upload_pieces') then
      'exists (select from private.lead_uploads o where o.id = x.upload_id and o.organization_id = p.organization_id)'
    when relation in ('private.report_rows', 'private.report_deliveries') then
      'exists (select from public.report_runs o where o.id = x.run_id and o.organization_id = p.organization_id)'
    when relation in ('private.privacy_rows') then
      'exists (select from private.privacy_requests o
        where o.id = x.request_id and o.organization_id = p.organization_id)'
    when relation in ('private.job_runs') then 'true'
    else 'x.organization_id = p.organization_id' end
$$;

-- The columns of a table with their conditions and new values as SQL. linked: the row is about the person; mentioned:
-- its text names them; file_rows: of a file, only the person's rows.
create function private.personal_columns(relation text)
returns table (column_name text, linked text, mentioned text, value text, file_rows text, is_deleted boolean,
  is_copy boolean)
language sql stable set search_path = ''
as $$
  select d.column_name, c.linked, c.mentioned,
    format('case%s%s else x.%I end',
      case when d.found_by is not null and d.erased_as <> 'delete' then format(' when %s then (%s)::%s', c.linked,
        d.erased_as, pg_catalog.format_type(a.atttypid, a.atttypmod)) end,
      case when d.searched or d.erased_as = 'delete' then format(' when %s then private.%s(x.%I, p.mentions)',
        c.mentioned, case a.atttypid when 'jsonb'::regtype then 'redacted_json' when 'text[]'::regtype
          then 'redacted_items' else 'redacted' end, d.column_name) end,
      d.column_name),
    case when starts_with(d.erased_as, 'private.without_')
      then replace(d.erased_as, 'private.without_', 'private.only_') end,
    d.erased_as = 'delete', coalesce(d.reason ~ '^A copy', false)
  from private.personal_data d
  join pg_catalog.pg_attribute a on a.attrelid = to_regclass(d.relation) and a.attname = d.column_name
  cross join lateral (
    select coalesce('(' || d.found_by || ')', 'false') as linked,
      case when d.searched then format('x.%I::text ~* p.mentions', d.column_name) else 'false' end as mentioned
  ) c
  where d.relation = personal_columns.relation and (d.searched or d.erased_as not in ('none', 'kept'))
$$;

-- The condition for rows of some blocks of a table that have something of the person.
create function private.privacy_condition(relation text, from_block bigint, to_block bigint)
returns text
language sql stable set search_path = ''
as $$
  select format('x.ctid >= ''(%s,0)''::tid and x.ctid < ''(%s,0)''::tid and %s and coalesce(%s, false)',
    from_block, to_block, private.privacy_tenant(relation),
    string_agg(distinct case c.mentioned when 'false' then c.linked else format('%s or %s', c.linked, c.mentioned) end,
      ' or '))
  from private.personal_columns(relation) c
$$;
