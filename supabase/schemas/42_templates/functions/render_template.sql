-- Every body of a template, rendered with a lead's values and with the given ones, which take precedence: { renderings:
-- [{ variant_id, label, weight, body, missing, warnings }] }; body is null where a value is missing. Security definer,
-- as get_template; require_lead checks access to the lead.
create function private.render_template(organization_id uuid, template_id uuid, lead_id uuid, variables jsonb)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  template jsonb := private.get_template(organization_id, template_id);
  organization text := (select o.name from public.organizations o where o.id = render_template.organization_id);
  known jsonb := jsonb_build_object('organization', organization);
  one_way constant text[] := array(
    select a.sender_id from public.sms_accounts a
    where a.organization_id = render_template.organization_id and a.is_default and not private.can_receive(a));
begin
  if lead_id is not null then
    known := private.lead_variables(private.require_lead(organization_id, lead_id, 'leads:read'), organization);
  end if;
  known := known || coalesce(variables, '{}');
  return jsonb_build_object('renderings', (
    select jsonb_agg(jsonb_build_object('variant_id', w.id, 'label', w.label, 'weight', w.weight,
      'body', private.render_template_text(w.body, known), 'missing', coalesce((
        select jsonb_agg(distinct m[1]) from regexp_matches(w.body, '\{\{([^{}|]*)\}\}', 'g') m
        where coalesce(known ->> m[1], '') !~ '\S'), '[]'),
      'warnings', private.text_warnings(w.body, template ->> 'category', one_way)) order by w.place, w.label)
    from (
      select 0 as place, null as label, (template ->> 'id')::uuid as id, template ->> 'body' as body,
        (template ->> 'weight')::integer as weight
      union all
      select 1, v.label, v.id, v.body, v.weight
      from jsonb_to_recordset(template -> 'variants') as v (id uuid, label text, body text, weight integer)
    ) w));
end
$$;
grant execute on function private.render_template(uuid, uuid, uuid, jsonb) to authenticated;

create function public.render_template(organization_id uuid, template_id uuid, lead_id uuid default null,
  variables jsonb default '{}')
returns jsonb
language sql set search_path = ''
as $$
  select private.render_template(organization_id, template_id, lead_id, variables)
$$;
comment on function public.render_template is
  'Each wording of a template, filled in with a lead''s data or given values.';
grant execute on function public.render_template(uuid, uuid, uuid, jsonb) to authenticated;
