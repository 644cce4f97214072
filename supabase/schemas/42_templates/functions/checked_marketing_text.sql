-- The normal form of a marketing text. Refuses unknown variables, unpaired braces, links through public shorteners and
-- missing opt-out instructions.
create function private.checked_marketing_text(organization_id uuid, body text, path text default 'body')
returns text
language plpgsql stable set search_path = ''
as $$
declare
  known constant text[] := array['first_name', 'last_name', 'full_name', 'name', 'email', 'phone', 'source', 'region',
    'country', 'organization'];
  normal constant text := private.normal_placeholders(body);
  ways record;
  fault text;
begin
  fault := coalesce(private.text_fault(normal), (
    select 'has unknown variables: ' || string_agg(v.name, ', ')
    from unnest(private.placeholder_names(normal)) v (name)
    where v.name <> all (known) and not exists (
      select from public.lead_fields f
      where f.organization_id = checked_marketing_text.organization_id and 'custom.' || f.key = v.name)),
    private.shortener_fault(normal));
  select * into ways from private.opt_out_ways(normal);
  if fault is null and not (ways.by_reply or ways.otherwise) then
    fault := 'does not say how to opt out, such as "Reply STOP to opt out"';
  end if;
  if fault is not null then
    perform private.problem(422, 'invalid_template', 'The text ' || fault || '.',
      jsonb_build_array(jsonb_build_object('path', path, 'message', fault)));
  end if;
  return normal;
end
$$;
