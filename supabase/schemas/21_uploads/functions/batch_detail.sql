-- A batch and the delivery state of its texts.
create function public.batch_detail(organization_id uuid, batch_id uuid)
returns jsonb
language sql stable set search_path = ''
as $$
  select to_jsonb(b) || jsonb_build_object('delivery', (
    select coalesce(jsonb_object_agg(d.status, d.messages), '{}')
    from (
      select m.status, count(*) as messages from public.messages m
      where m.organization_id = b.organization_id and m.batch_id = b.id group by m.status
    ) d
  ), 'created_by_name', (select p.full_name from public.profiles p where p.id = b.created_by))
  from public.batches b
  where b.organization_id = batch_detail.organization_id and b.id = batch_detail.batch_id and b.kind = 'upload'
$$;
grant execute on function public.batch_detail(uuid, uuid) to authenticated;
