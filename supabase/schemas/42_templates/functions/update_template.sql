-- Security definer because variants are written by functions only.
create function private.update_template(organization_id uuid, template_id uuid, change jsonb)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  before public.templates;
  template public.templates;
begin
  perform private.require_permission(organization_id, 'templates:write');
  before := private.require_template(organization_id, template_id);
  update public.templates t
  set name = coalesce(change ->> 'name', t.name), body = coalesce(change ->> 'body', t.body),
    category = coalesce(change ->> 'category', t.category), weight = coalesce((change ->> 'weight')::integer, t.weight)
  where t.organization_id = update_template.organization_id and t.id = update_template.template_id
  returning * into template;
  if change ? 'variants' then
    perform private.replace_variants(template, change -> 'variants');
  elsif template.category <> before.category then
    -- The other category has other rules for the bodies of variants.
    perform private.replace_variants(template, private.template_json(template) -> 'variants');
  end if;
  perform private.check_weights(template);
  return private.template_json(template);
end
$$;
grant execute on function private.update_template(uuid, uuid, jsonb) to authenticated;

create function public.update_template(organization_id uuid, template_id uuid, change jsonb)
returns jsonb
language sql set search_path = ''
as $$
  select private.update_template(organization_id, template_id, change)
$$;
comment on function public.update_template is 'Changes a template; variants are replaced as a whole.';
grant execute on function public.update_template(uuid, uuid, jsonb) to authenticated;
