-- Filters: status, number_type. Security definer because callers may not read whether a sender has credentials.
create function private.list_phone_numbers(organization_id uuid, filters jsonb, page_limit integer, page_offset integer)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
begin
  perform private.require_permission(organization_id, 'messages:read');
  return (
    with matching as materialized (
      select a from public.sms_accounts a
      where a.organization_id = list_phone_numbers.organization_id
        and (filters ->> 'status' is null or a.status = filters ->> 'status')
        and (filters ->> 'number_type' is null or a.number_type = filters ->> 'number_type')
    ), page as (
      select m.a from matching m order by (m.a).is_default desc, (m.a).id limit page_limit offset page_offset
    )
    select jsonb_build_object('total', (select count(*) from matching), 'rows', coalesce((
      select jsonb_agg(private.number_json(p.a, to_jsonb(f)) order by (p.a).is_default desc, (p.a).id)
      from page p
      left join private.number_figures(organization_id, now() - private.number_health_period()) f
        on f.account_id = (p.a).id),
        '[]')));
end
$$;
grant execute on function private.list_phone_numbers(uuid, jsonb, integer, integer) to authenticated;

create function public.list_phone_numbers(organization_id uuid, filters jsonb default '{}',
  page_limit integer default 50, page_offset integer default 0)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.list_phone_numbers(organization_id, filters,
    private.page_size(page_limit), private.page_start(page_offset))
$$;
comment on function public.list_phone_numbers is 'A page of the organization''s numbers with their health.';
grant execute on function public.list_phone_numbers(uuid, jsonb, integer, integer) to authenticated;
