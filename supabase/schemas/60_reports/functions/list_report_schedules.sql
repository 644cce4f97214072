-- GET /reports/scheduled: one's own, or all with reports:write in the whole organization. Security definer because
-- addresses of members are not readable directly.
create function private.list_report_schedules(organization_id uuid, page_limit integer, page_offset integer)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
  everybody boolean;
begin
  perform private.require_scope(organization_id, 'reports:read');
  everybody := private.has_permission(organization_id, 'reports:write', 'organization');
  return (
    with found as materialized (
      select s.id from public.report_schedules s
      where s.organization_id = list_report_schedules.organization_id and (everybody or s.owner_id = auth.uid())
    ), page as (
      select f.id from found f order by f.id desc limit page_limit offset page_offset
    )
    select jsonb_build_object('total', (select count(*) from found), 'rows', coalesce((
      select jsonb_agg(private.report_schedule_json(s) order by s.id desc)
      from page p join public.report_schedules s on s.id = p.id), '[]')));
end
$$;
grant execute on function private.list_report_schedules(uuid, integer, integer) to authenticated;

create function public.list_report_schedules(organization_id uuid, page_limit integer default 50,
  page_offset integer default 0)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.list_report_schedules(organization_id, private.page_size(page_limit), private.page_start(page_offset))
$$;
comment on function public.list_report_schedules is
  'The caller''s schedules, or all for those who change all reports, newest first.';
grant execute on function public.list_report_schedules(uuid, integer, integer) to authenticated;
