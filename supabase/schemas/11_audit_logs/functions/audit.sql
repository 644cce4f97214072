create function private.masked(row_data jsonb, columns text[])
returns jsonb
language sql immutable set search_path = ''
as $$
  select row_data || coalesce((
    select jsonb_object_agg(c, '***') from unnest(columns) c where jsonb_typeof(row_data -> c) <> 'null'), '{}')
$$;

-- Trigger with the transition tables old_rows and new_rows; its arguments are the columns whose values are masked.
-- No nested loops: a session keeps the plan that it made for a statement of one row, and joining ten thousand old and
-- new rows one by one takes a minute. `offset 0` makes each row's JSON be computed once.
-- Security definer because nobody may write the log directly.
create function private.audit()
returns trigger
language plpgsql security definer set search_path = '' set jit = off set enable_nestloop = off
as $$
declare
  actor uuid := auth.uid();
  impersonator uuid := private.impersonator();
  origin record := private.request_origin();
  masks text[] := coalesce(tg_argv[0:tg_nargs - 1]::text[], '{}');
  has_masks boolean := tg_nargs > 0;
  tenant text := case tg_table_name when 'organizations' then 'id' else 'organization_id' end;
begin
  -- A batch of ten thousand costs twice as much with a call of private.masked per row, so tables without masks skip it.
  if tg_op = 'INSERT' then
    insert into public.audit_logs
      (organization_id, actor_id, impersonator_id, action, resource, resource_id, after, via, request_id, ip)
    select (r.data ->> tenant)::uuid, actor, impersonator, 'insert', tg_table_name, (r.data ->> 'id')::uuid,
      case when has_masks then private.masked(r.data, masks) else r.data end, origin.via, origin.request_id, origin.ip
    from (select to_jsonb(n) as data from new_rows n offset 0) r;
  elsif tg_op = 'DELETE' then
    insert into public.audit_logs
      (organization_id, actor_id, impersonator_id, action, resource, resource_id, before, via, request_id, ip)
    select (r.data ->> tenant)::uuid, actor, impersonator, 'delete', tg_table_name, (r.data ->> 'id')::uuid,
      case when has_masks then private.masked(r.data, masks) else r.data end, origin.via, origin.request_id, origin.ip
    from (select to_jsonb(o) as data from old_rows o offset 0) r;
  else
    insert into public.audit_logs (organization_id, actor_id, impersonator_id, action, resource, resource_id,
      before, after, changed, via, request_id, ip)
    select (d.after ->> tenant)::uuid, actor, impersonator, 'update', tg_table_name, (d.after ->> 'id')::uuid,
      case when has_masks then private.masked(d.before, masks) else d.before end,
      case when has_masks then private.masked(d.after, masks) else d.after end, d.changed,
      origin.via, origin.request_id, origin.ip
    from (
      select b.data as before, a.data as after, array(
        select n.key from jsonb_each(a.data) n
        where n.value is distinct from b.data -> n.key and n.key <> 'updated_at' order by n.key
      ) as changed
      from (select o.id, to_jsonb(o) as data from old_rows o offset 0) b
      join (select n.id, to_jsonb(n) as data from new_rows n offset 0) a using (id)
      offset 0
    ) d
    where cardinality(d.changed) > 0;
  end if;
  return null;
end
$$;
