-- An instant as the API writes it.
create function private.utc_text(at timestamptz)
returns text
language sql stable set search_path = ''
as $$
  select to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
$$;

-- The columns of the file: [{ name, kind }]. Custom fields come last.
create function private.export_columns(definitions jsonb)
returns jsonb
language sql immutable set search_path = ''
as $$
  select jsonb_agg(jsonb_build_object('name', c.name, 'kind', c.kind) order by c.place)
  from (
    values (1, 'id', 'text'), (2, 'first_name', 'text'), (3, 'last_name', 'text'), (4, 'email', 'text'),
      (5, 'phone', 'text'), (6, 'source', 'text'), (7, 'status', 'text'), (8, 'outcome', 'text'), (9, 'value', 'money'),
      (10, 'currency', 'text'), (11, 'tags', 'text'), (12, 'time_zone', 'text'), (13, 'country', 'text'),
      (14, 'region', 'text'), (15, 'assigned_to', 'text'), (16, 'created_by', 'text'), (17, 'sla_status', 'text'),
      (18, 'sla_deadline', 'timestamp'), (19, 'created_at', 'timestamp'), (20, 'updated_at', 'timestamp')
    union all
    select 20 + d.ordinality, d.value ->> 'key', case when d.value ->> 'type' in ('number', 'boolean', 'date')
      then d.value ->> 'type' else 'text' end
    from jsonb_array_elements(definitions) with ordinality d
  ) c (place, name, kind)
$$;

-- The statement that reads leads x as rows of the file: { rows, last }. $1: the definitions of custom fields. All in one
-- expression, because a function called for each row costs more than reading it.
create function private.lead_export_statement(conditions text, row_limit integer)
returns text
language sql immutable set search_path = ''
as $$
  select format($query$
    select jsonb_build_object('rows', coalesce(jsonb_agg(jsonb_build_array(
        x.id, x.first_name, x.last_name, x.email, x.phone, x.source, x.status, x.outcome, x.value::text, x.currency,
        array_to_string(x.tags, '; '), x.time_zone, x.country, x.region, a.full_name, c.full_name, x.sla_status,
        to_char(x.sla_deadline at time zone 'UTC', %1$L), to_char(x.created_at at time zone 'UTC', %1$L),
        to_char(x.updated_at at time zone 'UTC', %1$L))
        || coalesce((
          select jsonb_agg(case jsonb_typeof(x.custom_fields -> (d.value ->> 'key'))
            when 'array' then (select string_agg(e, '; ')
              from jsonb_array_elements_text(x.custom_fields -> (d.value ->> 'key')) e)
            else x.custom_fields ->> (d.value ->> 'key') end order by d.ordinality)
          from jsonb_array_elements($1) with ordinality d), '[]') order by x.id), '[]'),
      'last', (array_agg(x.id order by x.id desc))[1])
    from (select x.* from public.leads x where %2$s order by x.id limit %3$s) x
    left join public.profiles a on a.id = x.assigned_to
    left join public.profiles c on c.id = x.created_by
  $query$, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"', conditions, row_limit)
$$;

-- The next leads after an id, for files: { columns: [{ name, kind }], rows: [[text]], last, matching }. matching: the
-- number of all matching leads, counted up to count_to. The first call takes a token and leaves an audit entry.
-- Security definer because the scope of leads:export may differ from that of leads:read, and for the names of people.
create function private.export_leads(organization_id uuid, filters jsonb, after_id uuid, page_limit integer,
  count_to integer)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  conditions text := private.lead_conditions(organization_id, filters, 'leads:export');
  definitions jsonb := private.lead_field_definitions(organization_id);
  refusal jsonb;
  answer jsonb;
  matching integer;
begin
  refusal := private.begin_export(organization_id, 'leads', filters, after_id is not null);
  if refusal is not null then
    return refusal;
  end if;
  if count_to is not null then
    execute format('select count(*) from (select from public.leads x where %s limit %s) c', conditions,
      count_to) into matching;
  end if;
  execute private.lead_export_statement(conditions || coalesce(' and x.id > ' || quote_literal(after_id), ''), page_limit)
  into answer using definitions;
  return answer || jsonb_build_object('matching', matching, 'columns', private.export_columns(definitions));
end
$$;
grant execute on function private.export_leads(uuid, jsonb, uuid, integer, integer) to authenticated;

create function public.export_leads(organization_id uuid, filters jsonb default '{}', after_id uuid default null,
  page_limit integer default 1000, count_to integer default null)
returns jsonb
language sql set search_path = ''
as $$
  select private.export_leads(organization_id, coalesce(filters, '{}'), after_id,
    private.page_size(page_limit, 1000), least(greatest(count_to, 0), 100001))
$$;
comment on function public.export_leads is
  'The next leads after an id within the caller''s scope to export, as texts by column.';
grant execute on function public.export_leads(uuid, jsonb, uuid, integer, integer) to authenticated;
