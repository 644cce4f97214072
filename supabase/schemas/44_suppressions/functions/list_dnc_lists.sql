-- Security definer because it names people.
create function private.list_dnc_lists(organization_id uuid, page_limit integer, page_offset integer)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
begin
  perform private.require_permission(organization_id, 'suppressions:read');
  return jsonb_build_object(
    'total', (
      select count(*) from public.dnc_lists l
      where l.organization_id = list_dnc_lists.organization_id and l.upload_complete and l.status <> 'deleting'),
    'rows', coalesce((
      select jsonb_agg(private.dnc_list_json(p.l) order by (p.l).id desc)
      from (
        select l from public.dnc_lists l
        where l.organization_id = list_dnc_lists.organization_id and l.upload_complete and l.status <> 'deleting'
        order by l.id desc limit page_limit offset page_offset
      ) p), '[]'));
end
$$;
grant execute on function private.list_dnc_lists(uuid, integer, integer) to authenticated;

create function public.list_dnc_lists(organization_id uuid, page_limit integer default 50,
  page_offset integer default 0)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.list_dnc_lists(organization_id, private.page_size(page_limit), private.page_start(page_offset))
$$;
comment on function public.list_dnc_lists is 'The organization''s do-not-call lists.';
grant execute on function public.list_dnc_lists(uuid, integer, integer) to authenticated;
