-- Security definer because of the triggers' checks, as create_template.
create function private.delete_template(organization_id uuid, template_id uuid)
returns void
language plpgsql security definer set search_path = ''
as $$
declare
  template public.templates;
begin
  perform private.require_permission(organization_id, 'templates:write');
  template := private.require_template(organization_id, template_id);
  if template.kind <> 'custom' then
    perform private.problem(409, 'template_of_kind', 'Built-in templates can be edited, not deleted.');
  end if;
  delete from public.templates t where t.id = template.id;
end
$$;
grant execute on function private.delete_template(uuid, uuid) to authenticated;

create function public.delete_template(organization_id uuid, template_id uuid)
returns void
language sql set search_path = ''
as $$
  select private.delete_template(organization_id, template_id)
$$;
comment on function public.delete_template is 'Deletes a template that no unfinished campaign uses.';
grant execute on function public.delete_template(uuid, uuid) to authenticated;
