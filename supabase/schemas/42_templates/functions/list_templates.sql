-- Filters: category, kind, search (part of the name). Security definer so that variants are read without policies in
-- every plan.
create function private.list_templates(organization_id uuid, filters jsonb, page_limit integer, page_offset integer)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
begin
  perform private.require_permission(organization_id, 'templates:read');
  return (
    with matching as materialized (
      select t from public.templates t
      where t.organization_id = list_templates.organization_id
        and (filters ->> 'category' is null or t.category = filters ->> 'category')
        and (filters ->> 'kind' is null or t.kind = filters ->> 'kind')
        and (filters ->> 'search' is null or position(lower(filters ->> 'search') in lower(t.name)) > 0)
    )
    select jsonb_build_object('total', (select count(*) from matching), 'rows', coalesce((
      select jsonb_agg(private.template_json(p.t) order by lower((p.t).name), (p.t).id)
      from (
        select m.t from matching m order by lower((m.t).name), (m.t).id limit page_limit offset page_offset
      ) p), '[]')));
end
$$;
grant execute on function private.list_templates(uuid, jsonb, integer, integer) to authenticated;

create function public.list_templates(organization_id uuid, filters jsonb default '{}', page_limit integer default 50,
  page_offset integer default 0)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.list_templates(organization_id, filters,
    private.page_size(page_limit), private.page_start(page_offset))
$$;
comment on function public.list_templates is 'A page of templates with their variants.';
grant execute on function public.list_templates(uuid, jsonb, integer, integer) to authenticated;
