-- An instant as the API writes it.
create function private.utc_text(at timestamptz)
returns text
language sql stable set search_path = ''
as $$
  select to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
$$;

-- The next leads after an id, for files: { columns, rows: [[text]], last, matching }. matching: the number of all
-- matching leads, counted up to count_to. Security definer because the scope of leads:export may differ from that of
-- leads:read, and for the names of people.
create function private.export_leads(organization_id uuid, filters jsonb, after_id uuid, page_limit integer,
  count_to integer)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  conditions text := private.lead_conditions(organization_id, filters, 'leads:export');
  definitions jsonb := private.lead_field_definitions(organization_id);
  answer jsonb;
  matching integer;
begin
  if after_id is null then
    perform private.audit_export(organization_id, 'leads', filters);
  end if;
  if count_to is not null then
    execute format('select count(*) from (select from public.leads x where %s limit %s) c', conditions,
      count_to) into matching;
  end if;
  execute format($query$
    select jsonb_build_object('rows', coalesce(jsonb_agg(jsonb_build_array(
        x.id, x.first_name, x.last_name, x.email, x.phone, x.source, x.status, x.outcome, x.value::text, x.currency,
        array_to_string(x.tags, '; '), x.time_zone, x.country, x.region, a.full_name, c.full_name, x.sla_status,
        private.utc_text(x.sla_deadline), private.utc_text(x.created_at), private.utc_text(x.updated_at))
        || coalesce((
          select jsonb_agg(case jsonb_typeof(x.custom_fields -> (d.value ->> 'key'))
            when 'array' then (select string_agg(e, '; ')
              from jsonb_array_elements_text(x.custom_fields -> (d.value ->> 'key')) e)
            else x.custom_fields ->> (d.value ->> 'key') end order by d.ordinality)
          from jsonb_array_elements($1) with ordinality d), '[]') order by x.id), '[]'),
      'last', (array_agg(x.id order by x.id desc))[1])
    from (select x.* from public.leads x where %s %s order by x.id limit %s) x
    left join public.profiles a on a.id = x.assigned_to
    left join public.profiles c on c.id = x.created_by
  $query$, conditions, case when after_id is not null then format('and x.id > %L', after_id) end, page_limit)
  into answer using definitions;
  return answer || jsonb_build_object('matching', matching, 'columns',
    jsonb_build_array('id', 'first_name', 'last_name', 'email', 'phone', 'source', 'status', 'outcome', 'value',
      'currency',
      'tags', 'time_zone', 'country', 'region', 'assigned_to', 'created_by', 'sla_status', 'sla_deadline', 'created_at',
      'updated_at') || coalesce((select jsonb_agg(d -> 'key') from jsonb_array_elements(definitions) d), '[]'));
end
$$;
grant execute on function private.export_leads(uuid, jsonb, uuid, integer, integer) to authenticated;

create function public.export_leads(organization_id uuid, filters jsonb default '{}', after_id uuid default null,
  page_limit integer default 1000, count_to integer default null)
returns jsonb
language sql set search_path = ''
as $$
  select private.export_leads(organization_id, filters, after_id, private.page_size(page_limit, 1000), count_to)
$$;
comment on function public.export_leads is
  'The next leads after an id within the caller''s scope to export, as texts by column.';
grant execute on function public.export_leads(uuid, jsonb, uuid, integer, integer) to authenticated;
