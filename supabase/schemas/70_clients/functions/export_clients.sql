-- The next clients after an id, for files: { columns: [{ name, kind }], rows: [[text]], last, matching }. matching: the
-- number of all matching clients, counted up to count_to. The first call takes a token and leaves an audit entry. The risk
-- of leaving is for those who may read the client, as in the list: probability is score / 100.
-- Security definer because the scope of clients:export may differ from that of clients:read, and for the names of
-- people.
create function private.export_clients(organization_id uuid, filters jsonb, after_id uuid, page_limit integer,
  count_to integer)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  conditions text := private.client_conditions(organization_id, filters - 'deleted', 'clients:export');
  refusal jsonb;
  answer jsonb;
  matching integer;
begin
  refusal := private.begin_export(organization_id, 'clients', filters, after_id is not null);
  if refusal is not null then
    return refusal;
  end if;
  if count_to is not null then
    execute format('select count(*) from (select from %s where %s limit %s) c', private.client_source(), conditions,
      count_to)
    into matching;
  end if;
  execute format($query$
    select jsonb_build_object('rows', coalesce(jsonb_agg(jsonb_build_array(
        x.id, x.name, x.segment, x.client_type, x.region, x.category, x.external_id, x.account_number, x.phone, x.email,
        x.status, x.since, x.mrr::text, x.currency, x.contract_ends_on, x.leaves_on, e.ends_on, e.reason, x.stated_risk,
        case when x.readable then x.score::text end, case when x.readable then x.band end,
        case when x.readable then trim_scale(x.score::numeric / 100)::text end, case when x.readable then x.score_day end,
        case when x.readable then x.trend end, o.full_name, k.name, k.email, k.phone,
        private.utc_text(x.last_interaction_at), private.utc_text(x.created_at), private.utc_text(x.updated_at))
        order by x.id), '[]'),
      'last', (array_agg(x.id order by x.id desc))[1])
    from (
      select x.*, k.score, k.band, k.score_day, k.trend, private.client_in_scope(x, 'clients:read') as readable
      from %s where %s %s order by x.id limit %s
    ) x
    left join public.profiles o on o.id = x.owner_id
    left join public.client_contacts k
      on k.organization_id = x.organization_id and k.client_id = x.id and k.is_primary
    left join lateral (
      select s.ends_on, s.reason from public.client_spells s
      where s.organization_id = x.organization_id and s.client_id = x.id and x.status = 'churned'
      order by s.spell_no desc limit 1
    ) e on true
  $query$, private.client_source(), conditions, case when after_id is not null then format('and x.id > %L', after_id) end, page_limit)
  into answer;
  return answer || jsonb_build_object('matching', matching, 'columns', (
    select jsonb_agg(jsonb_build_object('name', c.name, 'kind', case
      when c.name = 'mrr' then 'money'
      when c.name in ('score', 'probability') then 'number'
      when c.name in ('since', 'contract_ends_on', 'leaves_on', 'churned_on', 'score_day') then 'date'
      when c.name in ('last_interaction_at', 'created_at', 'updated_at') then 'timestamp'
      else 'text' end) order by c.place)
    from unnest(array['id', 'name', 'segment', 'client_type', 'region', 'category', 'external_id', 'account_number',
      'phone', 'email', 'status', 'since', 'mrr', 'currency', 'contract_ends_on', 'leaves_on', 'churned_on',
      'churn_reason', 'stated_risk', 'score', 'band', 'probability', 'score_day', 'trend', 'owner', 'contact_name',
      'contact_email', 'contact_phone', 'last_interaction_at', 'created_at', 'updated_at']) with ordinality c (name, place)));
end
$$;
grant execute on function private.export_clients(uuid, jsonb, uuid, integer, integer) to authenticated;

create function public.export_clients(organization_id uuid, filters jsonb default '{}', after_id uuid default null,
  page_limit integer default 1000, count_to integer default null)
returns jsonb
language sql set search_path = ''
as $$
  select private.export_clients(organization_id, coalesce(filters, '{}'), after_id,
    private.page_size(page_limit, 1000), least(greatest(count_to, 0), 100001))
$$;
comment on function public.export_clients is
  'The next clients after an id within the caller''s scope to export, as texts by column.';
grant execute on function public.export_clients(uuid, jsonb, uuid, integer, integer) to authenticated;
