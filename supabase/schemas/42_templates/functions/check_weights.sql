create function private.check_weights(template public.templates)
returns void
language plpgsql set search_path = ''
as $$
begin
  if template.weight = 0 and not exists (
    select from public.template_variants v
    where v.organization_id = template.organization_id and v.template_id = template.id and v.weight > 0)
  then
    perform private.problem(422, 'invalid_field', 'All variants have weight 0.',
      '[{"path": "weight", "message": "is 0, as is that of each variant"}]');
  end if;
end
$$;
