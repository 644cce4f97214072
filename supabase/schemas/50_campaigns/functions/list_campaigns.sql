-- Security definer because callers may not read the counters, nor the names of people.
create function private.list_campaigns(organization_id uuid, filters jsonb, page_limit integer, page_offset integer)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
  term text := '%' || replace(replace(replace(filters ->> 'search', '\', '\\'), '%', '\%'), '_', '\_') || '%';
begin
  perform private.require_permission(organization_id, 'campaigns:read');
  return (
    with found as materialized (
      select c.id, c.created_at from public.campaigns c
      where c.organization_id = list_campaigns.organization_id and c.deleted_at is null
        and (filters ->> 'status' is null or c.status = filters ->> 'status')
        and (term is null or c.name ilike term)
    ), page as (
      select f.* from found f order by f.created_at desc, f.id desc limit page_limit offset page_offset
    )
    select jsonb_build_object('total', (select count(*) from found), 'rows', coalesce((
      select jsonb_agg(private.campaign_json(p.id) order by p.created_at desc, p.id desc) from page p), '[]')));
end
$$;
grant execute on function private.list_campaigns(uuid, jsonb, integer, integer) to authenticated;

create function public.list_campaigns(organization_id uuid, filters jsonb, page_limit integer, page_offset integer)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.list_campaigns(organization_id, filters,
    private.page_size(page_limit), private.page_start(page_offset))
$$;
comment on function public.list_campaigns is
  'One page of campaigns and their total number. filters: { status?, search? }.';
grant execute on function public.list_campaigns(uuid, jsonb, integer, integer) to authenticated;
