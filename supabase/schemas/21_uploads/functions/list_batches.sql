create function public.list_batches(organization_id uuid, page_limit integer, page_offset integer)
returns jsonb
language plpgsql stable set search_path = ''
as $$
begin
  perform private.require_permission(organization_id, 'uploads:read');
  return jsonb_build_object(
    'total', (
      select count(*) from public.batches b
      where b.organization_id = list_batches.organization_id and b.kind = 'upload'),
    'rows', coalesce((
      select jsonb_agg(to_jsonb(p) - 'skipped' || jsonb_build_object('created_by_name', (
        select u.full_name from public.profiles u where u.id = p.created_by)) order by p.id desc)
      from (
        select b.* from public.batches b
        where b.organization_id = list_batches.organization_id and b.kind = 'upload'
        order by b.id desc limit private.page_size(page_limit) offset private.page_start(page_offset)
      ) p), '[]')
  );
end
$$;
comment on function public.list_batches is 'One page of processed uploads, newest first.';
grant execute on function public.list_batches(uuid, integer, integer) to authenticated;
