-- Replaces a template's variants. A variant whose label stays keeps its id, and with it its results.
create function private.replace_variants(template public.templates, variants jsonb)
returns void
language plpgsql set search_path = ''
as $$
declare
  labels text[] := array(select btrim(v ->> 'label') from jsonb_array_elements(variants) v);
  variant record;
begin
  if template.kind <> 'custom' and cardinality(labels) > 0 then
    perform private.problem(422, 'invalid_field', 'A template with a kind can have only one variant.',
      '[{"path": "variants", "message": "must be empty for this template"}]');
  end if;
  if (select count(distinct l) from unnest(labels) l) < cardinality(labels) then
    perform private.problem(422, 'invalid_field', 'Two variants have the same label.',
      '[{"path": "variants", "message": "has the same label twice"}]');
  end if;
  if private.template_in_use(template.organization_id, template.id, array['freezing', 'running']) then
    perform private.problem(409, 'template_in_use', 'A running campaign uses this template. Pause it first.');
  end if;
  if exists (
      select from public.template_variants v
      where v.organization_id = template.organization_id and v.template_id = template.id and v.label <> all (labels))
    and private.template_in_use(template.organization_id, template.id, array['paused'])
  then
    perform private.problem(409, 'template_in_use',
      'Recipients of a paused campaign were given variants of this template: they can be edited, not removed.');
  end if;
  delete from public.template_variants v
  where v.organization_id = template.organization_id and v.template_id = template.id and v.label <> all (labels);
  for variant in
    select e.ordinality - 1 as position, btrim(e.value ->> 'label') as label, e.value ->> 'body' as body,
      coalesce((e.value ->> 'weight')::integer, 1) as weight
    from jsonb_array_elements(variants) with ordinality e
  loop
    -- The trigger checks as well, but only here is it known which of the variants is at fault.
    perform private.checked_template_body(template, variant.body, 'variants.' || variant.position || '.body');
    insert into public.template_variants as v (organization_id, template_id, label, body, weight)
    values (template.organization_id, template.id, variant.label, variant.body, variant.weight)
    on conflict on constraint template_variants_label_unique do update set body = excluded.body,
    weight = excluded.weight;
  end loop;
end
$$;
