-- Security definer because the writer need not be able to read the template.
create function private.check_template_variant()
returns trigger
language plpgsql security definer set search_path = ''
as $$
declare
  template public.templates;
begin
  select * into template from public.templates t where t.organization_id = new.organization_id
    and t.id = new.template_id;
  new.body := private.checked_template_body(template, new.body);
  return new;
end
$$;
