-- Shorteners are allowed in built-in templates: their messages go to customers and are not filtered as marketing.
create function private.checked_service_text(body text, kind text, path text default 'body')
returns text
language plpgsql stable set search_path = ''
as $$
declare
  known constant text[] := array['name', 'account_number', 'arrears', 'organization'];
  normal constant text := private.normal_placeholders(body);
  fault constant text := coalesce(private.text_fault(normal),
    case when kind = 'custom' then private.shortener_fault(normal) end, (
    select 'has unknown variables: ' || string_agg(distinct v[1], ', ')
    from regexp_matches(normal, '\{\{([^{}]*)\}\}', 'g') v
    where v[1] <> all (known)));
begin
  if fault is not null then
    perform private.problem(422, 'invalid_template', 'The text ' || fault || '.',
      jsonb_build_array(jsonb_build_object('path', path, 'message', fault)));
  end if;
  return private.checked_template(body);
end
$$;

-- Not one expression: the planner would evaluate an immutable check before it knows which branch is taken.
create function private.checked_template_body(template public.templates, body text, path text default 'body')
returns text
language plpgsql stable set search_path = ''
as $$
begin
  if template.category = 'marketing' then
    return private.checked_marketing_text(template.organization_id, body, path);
  end if;
  return private.checked_service_text(body, template.kind, path);
end
$$;
