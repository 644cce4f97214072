-- filters: { search?, source?, own?: "true" | "false", deleted?: "true" }. Security definer because who sees a report
-- depends on memberships, and for the names of people.
create function private.list_reports(organization_id uuid, filters jsonb, page_limit integer, page_offset integer)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
  deleted boolean := coalesce(filters ->> 'deleted', 'false') = 'true';
  term text := '%' || replace(replace(replace(filters ->> 'search', '\', '\\'), '%', '\%'), '_', '\_') || '%';
  teams uuid[] := private.my_teams();
begin
  perform private.require_scope(organization_id, 'reports:read');
  return (
    with found as materialized (
      select r.* from public.reports r
      where r.organization_id = list_reports.organization_id and (r.deleted_at is not null) = deleted
        and (r.owner_id = auth.uid()
          or not deleted and (r.sharing = 'organization' or r.team_id = any (teams)))
        and (filters ->> 'source' is null or r.source = filters ->> 'source')
        and (filters ->> 'own' is null
          or (r.owner_id is not distinct from auth.uid()) = (filters ->> 'own' = 'true'))
        and (term is null or r.name ilike term)
    ), page as (
      select f.id, f.updated_at, f as report from found f
      order by f.updated_at desc, f.id desc limit page_limit offset page_offset
    )
    select jsonb_build_object('total', (select count(*) from found), 'rows', coalesce((
      select jsonb_agg(private.report_json(r) order by p.updated_at desc, p.id desc)
      from page p join public.reports r on r.id = p.id), '[]')));
end
$$;
grant execute on function private.list_reports(uuid, jsonb, integer, integer) to authenticated;

create function public.list_reports(organization_id uuid, filters jsonb default '{}', page_limit integer default 50,
  page_offset integer default 0)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.list_reports(organization_id, filters, private.page_size(page_limit),
    private.page_start(page_offset))
$$;
comment on function public.list_reports is
  'One page of the reports that the caller sees, the latest changed first, and their total number.';
grant execute on function public.list_reports(uuid, jsonb, integer, integer) to authenticated;
