-- Security definer, as list_templates.
create function private.get_template(organization_id uuid, template_id uuid)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
  template public.templates;
begin
  perform private.require_permission(organization_id, 'templates:read');
  select * into template from public.templates t
  where t.organization_id = get_template.organization_id and t.id = get_template.template_id;
  if template.id is null then
    perform private.problem(404, 'not_found', 'There is no such template.');
  end if;
  return private.template_json(template);
end
$$;
grant execute on function private.get_template(uuid, uuid) to authenticated;

create function public.get_template(organization_id uuid, template_id uuid)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.get_template(organization_id, template_id)
$$;
comment on function public.get_template is 'A template with its variants.';
grant execute on function public.get_template(uuid, uuid) to authenticated;
