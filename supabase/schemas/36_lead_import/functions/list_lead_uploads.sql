-- GET /leads/import/uploads and /clients/import/uploads: files that wait for their import, newest first. Security
-- definer because callers may not read uploads directly.
create function private.list_lead_uploads(organization_id uuid, page_limit integer, page_offset integer, kind text)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
begin
  perform private.require_permission(organization_id, private.import_permission(kind));
  return (
    with waiting as materialized (
      select u.* from private.lead_uploads u
      where u.organization_id = list_lead_uploads.organization_id and u.kind = list_lead_uploads.kind
        and u.upload_complete
        and u.expires_at > now() and u.expires_at < 'infinity'
    )
    select jsonb_build_object('total', (select count(*) from waiting), 'rows', coalesce((
      select jsonb_agg(jsonb_build_object('upload_id', p.id, 'file_name', p.file_name, 'total_rows', p.total_rows,
        'size', p.size, 'created_by', p.created_by, 'created_by_name', (
          select u.full_name from public.profiles u where u.id = p.created_by),
        'created_at', p.created_at, 'expires_at', p.expires_at) order by p.id desc)
      from (select w.* from waiting w order by w.id desc limit page_limit offset page_offset) p), '[]')));
end
$$;
grant execute on function private.list_lead_uploads(uuid, integer, integer, text) to authenticated;

create function public.list_lead_uploads(organization_id uuid, page_limit integer default 50,
  page_offset integer default 0, kind text default 'leads')
returns jsonb
language sql stable set search_path = ''
as $$
  select private.list_lead_uploads(organization_id, private.page_size(page_limit), private.page_start(page_offset),
    kind)
$$;
comment on function public.list_lead_uploads is 'One page of the files that wait for their import, newest first.';
grant execute on function public.list_lead_uploads(uuid, integer, integer, text) to authenticated;
