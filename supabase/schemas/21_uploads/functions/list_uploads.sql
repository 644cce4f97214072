-- GET /upload/uploads. Checks the permission itself, so that a suspended member gets 403 and not an empty list.
create function public.list_uploads(organization_id uuid, page_limit integer default 50, page_offset integer default 0)
returns jsonb
language plpgsql stable set search_path = ''
as $$
begin
  perform private.require_permission(organization_id, 'uploads:read');
  return jsonb_build_object(
    'total', (
      select count(*) from public.uploads u
      where u.organization_id = list_uploads.organization_id and u.processed_at is null and u.expires_at > now()),
    'rows', coalesce((
      select jsonb_agg(jsonb_build_object('upload_id', p.id, 'file_name', p.file_name,
        'total_rows', p.summary -> 'total_rows', 'valid_rows', p.summary -> 'valid_rows',
        'created_by', p.created_by, 'created_by_name', (
          select n.full_name from public.profiles n where n.id = p.created_by),
        'created_at', p.created_at, 'expires_at', p.expires_at) order by p.id desc)
      from (
        select u.* from public.uploads u
        where u.organization_id = list_uploads.organization_id and u.processed_at is null and u.expires_at > now()
        order by u.id desc limit private.page_size(page_limit) offset private.page_start(page_offset)
      ) p), '[]'));
end
$$;
comment on function public.list_uploads is 'One page of the uploads that wait to be processed, newest first.';
grant execute on function public.list_uploads(uuid, integer, integer) to authenticated;
