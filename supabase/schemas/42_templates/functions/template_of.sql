-- The body of the built-in template of this kind.
create function private.template_of(organization_id uuid, kind text)
returns text
language plpgsql stable set search_path = ''
as $$
declare
  body text := (
    select t.body from public.templates t
    where t.organization_id = template_of.organization_id and t.kind = template_of.kind and t.kind <> 'custom'
  );
begin
  if body is null then
    perform private.problem(409, 'no_template', 'The organization has no template for this. Give a message instead.');
  end if;
  return body;
end
$$;
