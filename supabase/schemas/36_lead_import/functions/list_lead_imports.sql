-- Security definer because it reads the progress of runs and the names of people.
create function private.list_lead_imports(organization_id uuid, page_limit integer, page_offset integer, kind text)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
begin
  perform private.require_permission(organization_id, private.import_permission(kind));
  return jsonb_build_object('total', (
    select count(*) from public.lead_imports i
    where i.organization_id = list_lead_imports.organization_id and i.kind = list_lead_imports.kind
  ), 'rows', (
    select coalesce(jsonb_agg(private.lead_import_json(p) order by p.created_at desc, p.id desc), '[]')
    from (
      select i.* from public.lead_imports i
      where i.organization_id = list_lead_imports.organization_id and i.kind = list_lead_imports.kind
      order by i.created_at desc, i.id desc limit page_limit offset page_offset
    ) p
  ));
end
$$;
grant execute on function private.list_lead_imports(uuid, integer, integer, text) to authenticated;

create function public.list_lead_imports(organization_id uuid, page_limit integer default 50,
  page_offset integer default 0, kind text default 'leads')
returns jsonb
language sql stable set search_path = ''
as $$
  select private.list_lead_imports(organization_id, private.page_size(page_limit), private.page_start(page_offset),
    kind)
$$;
comment on function public.list_lead_imports is 'The organization''s imports, newest first.';
grant execute on function public.list_lead_imports(uuid, integer, integer, text) to authenticated;
