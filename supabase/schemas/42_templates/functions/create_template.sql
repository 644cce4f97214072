-- template: { name, body, category?, weight?, variants? }. Security definer because variants are written by functions
-- only.
create function private.create_template(organization_id uuid, template jsonb)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  answer jsonb;
  created public.templates;
begin
  perform private.require_permission(organization_id, 'templates:write');
  answer := private.idempotent_response(organization_id);
  if answer is not null then
    return answer;
  end if;
  insert into public.templates (organization_id, name, body, category, weight)
  values (organization_id, template ->> 'name', template ->> 'body', coalesce(template ->> 'category', 'service'),
    coalesce((template ->> 'weight')::integer, 1))
  returning * into created;
  perform private.replace_variants(created, coalesce(template -> 'variants', '[]'));
  perform private.check_weights(created);
  return private.store_idempotent_response(organization_id, private.template_json(created));
end
$$;
grant execute on function private.create_template(uuid, jsonb) to authenticated;

create function public.create_template(organization_id uuid, template jsonb)
returns jsonb
language sql set search_path = ''
as $$
  select private.create_template(organization_id, template)
$$;
comment on function public.create_template is 'Adds a template with its variants.';
grant execute on function public.create_template(uuid, jsonb) to authenticated;
