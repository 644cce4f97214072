create function private.require_template(organization_id uuid, template_id uuid)
returns public.templates
language plpgsql set search_path = ''
as $$
declare
  template public.templates;
begin
  select * into template from public.templates t
  where t.organization_id = require_template.organization_id and t.id = require_template.template_id for update;
  if template.id is null then
    perform private.problem(404, 'not_found', 'There is no such template.');
  end if;
  return template;
end
$$;
