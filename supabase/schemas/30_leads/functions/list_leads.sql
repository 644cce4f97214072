-- sort: a column, with "-" for descending. Security definer because LIKE is not leakproof, so under row level
-- security the trigram index would not be used, and the planner would not see the caller's team; the conditions are
-- those of the policy.
create function private.list_leads(organization_id uuid, filters jsonb, sort text, page_limit integer,
  page_offset integer)
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
grant execute on function private.list_leads(uuid, jsonb, text, integer, integer) to authenticated;

create function public.list_leads(organization_id uuid, filters jsonb, sort text, page_limit integer,
  page_offset integer)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.list_leads(organization_id, filters, sort,
    private.page_size(page_limit), private.page_start(page_offset))
$$;
comment on function public.list_leads is
  'One page of leads and their total number. filters: see private.lead_filters, and deleted?: "true".';
grant execute on function public.list_leads(uuid, jsonb, text, integer, integer) to authenticated;
