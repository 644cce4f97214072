-- Templates over the API. A campaign that is under way holds the wordings of its templates: they change only while it is
-- paused, and none of them goes, since its recipients were given theirs when the audience was frozen.

-- Whether a campaign in one of these states takes the template. Definer functions ask.
create function private.template_in_use(organization_id uuid, template_id uuid, states text[])
returns boolean
language plpgsql stable set search_path = ''
as $$
begin
  return exists (
    select from public.campaign_templates t
    join public.campaigns c on c.organization_id = t.organization_id and c.id = t.campaign_id
    where t.organization_id = template_in_use.organization_id and t.template_id = template_in_use.template_id
      and c.deleted_at is null and c.status = any (states));
end
$$;

-- Definer: it must see campaigns whatever the caller may.
create function private.guard_template()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  if tg_op = 'DELETE' then
    -- Of an organization that goes, everything goes.
    if not exists (select from public.organizations o where o.id = old.organization_id) then
      return old;
    end if;
    if private.template_in_use(old.organization_id, old.id, array['draft', 'scheduled', 'freezing', 'running', 'paused']) then
      perform private.problem(409, 'template_in_use', 'A campaign that has not ended uses this template.');
    end if;
    return old;
  end if;
  if new.category = 'marketing' and new.kind <> 'custom' then
    perform private.problem(422, 'invalid_field', 'A template of a kind is of service.',
      '[{"path": "category", "message": "is service for this template"}]');
  end if;
  if tg_op = 'UPDATE' then
    if (new.body, new.weight) is distinct from (old.body, old.weight)
      and private.template_in_use(old.organization_id, old.id, array['freezing', 'running'])
    then
      perform private.problem(409, 'template_in_use', 'A running campaign uses this template. Pause it first.');
    end if;
    if new.category <> old.category
      and private.template_in_use(old.organization_id, old.id, array['draft', 'scheduled', 'freezing', 'running', 'paused'])
    then
      perform private.problem(409, 'template_in_use', 'A campaign that has not ended uses this template: its category stays.');
    end if;
  end if;
  return new;
end
$$;
create trigger guard before insert or update or delete on public.templates
  for each row execute function private.guard_template();

create function private.template_json(template public.templates)
returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object('id', template.id, 'kind', template.kind, 'category', template.category, 'name', template.name,
    'body', template.body, 'weight', template.weight, 'created_at', template.created_at, 'updated_at', template.updated_at,
    'variants', coalesce((
      select jsonb_agg(jsonb_build_object('id', v.id, 'label', v.label, 'body', v.body, 'weight', v.weight) order by v.label)
      from public.template_variants v where v.organization_id = template.organization_id and v.template_id = template.id), '[]'))
$$;

create function private.require_template(organization_id uuid, template_id uuid)
returns public.templates
language plpgsql set search_path = ''
as $$
declare
  template public.templates;
begin
  select * into template from public.templates t
  where t.organization_id = require_template.organization_id and t.id = require_template.template_id for update;
  if template.id is null then
    perform private.problem(404, 'not_found', 'There is no such template.');
  end if;
  return template;
end
$$;

-- Filters: category, kind, search (part of the name). Definer: variants come with their templates.
create function private.list_templates(organization_id uuid, filters jsonb, page_limit integer, page_offset integer)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
begin
  perform private.require_permission(organization_id, 'templates:read');
  return (
    with matching as materialized (
      select t from public.templates t
      where t.organization_id = list_templates.organization_id
        and (filters ->> 'category' is null or t.category = filters ->> 'category')
        and (filters ->> 'kind' is null or t.kind = filters ->> 'kind')
        and (filters ->> 'search' is null or position(lower(filters ->> 'search') in lower(t.name)) > 0)
    )
    select jsonb_build_object('total', (select count(*) from matching), 'rows', coalesce((
      select jsonb_agg(private.template_json(p.t) order by lower((p.t).name), (p.t).id)
      from (
        select m.t from matching m order by lower((m.t).name), (m.t).id limit page_limit offset page_offset
      ) p), '[]')));
end
$$;

-- Definer: see list_templates.
create function private.get_template(organization_id uuid, template_id uuid)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
  template public.templates;
begin
  perform private.require_permission(organization_id, 'templates:read');
  select * into template from public.templates t
  where t.organization_id = get_template.organization_id and t.id = get_template.template_id;
  if template.id is null then
    perform private.problem(404, 'not_found', 'There is no such template.');
  end if;
  return private.template_json(template);
end
$$;

-- Puts these variants in the place of those there are. One whose label stays keeps its id, and with it its results.
create function private.replace_variants(template public.templates, variants jsonb)
returns void
language plpgsql set search_path = ''
as $$
declare
  labels text[] := array(select btrim(v ->> 'label') from jsonb_array_elements(variants) v);
  variant record;
begin
  if template.kind <> 'custom' and cardinality(labels) > 0 then
    perform private.problem(422, 'invalid_field', 'A template of a kind has one wording.',
      '[{"path": "variants", "message": "must be empty for this template"}]');
  end if;
  if (select count(distinct l) from unnest(labels) l) < cardinality(labels) then
    perform private.problem(422, 'invalid_field', 'Two variants have the same label.',
      '[{"path": "variants", "message": "has a label twice"}]');
  end if;
  if private.template_in_use(template.organization_id, template.id, array['freezing', 'running']) then
    perform private.problem(409, 'template_in_use', 'A running campaign uses this template. Pause it first.');
  end if;
  if exists (
      select from public.template_variants v
      where v.organization_id = template.organization_id and v.template_id = template.id and v.label <> all (labels))
    and private.template_in_use(template.organization_id, template.id, array['paused'])
  then
    perform private.problem(409, 'template_in_use', 'A paused campaign has given this template''s variants to its recipients: they can change, none can go.');
  end if;
  delete from public.template_variants v
  where v.organization_id = template.organization_id and v.template_id = template.id and v.label <> all (labels);
  for variant in
    select e.ordinality - 1 as position, btrim(e.value ->> 'label') as label, e.value ->> 'body' as body,
      coalesce((e.value ->> 'weight')::integer, 1) as weight
    from jsonb_array_elements(variants) with ordinality e
  loop
    -- Only here is it known which of the variants the fault is in; the trigger guards whoever comes another way.
    perform private.checked_wording(template, variant.body, 'variants.' || variant.position || '.body');
    insert into public.template_variants as v (organization_id, template_id, label, body, weight)
    values (template.organization_id, template.id, variant.label, variant.body, variant.weight)
    on conflict on constraint template_variants_label_unique do update set body = excluded.body, weight = excluded.weight;
  end loop;
end
$$;

create function private.check_weights(template public.templates)
returns void
language plpgsql set search_path = ''
as $$
begin
  if template.weight = 0 and not exists (
    select from public.template_variants v
    where v.organization_id = template.organization_id and v.template_id = template.id and v.weight > 0)
  then
    perform private.problem(422, 'invalid_field', 'No wording of the template would ever be taken.',
      '[{"path": "weight", "message": "is 0, as is that of each variant"}]');
  end if;
end
$$;

-- template: { name, body, category?, weight?, variants? }. Definer: variants are written by functions only.
create function private.create_template(organization_id uuid, template jsonb)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  answer jsonb;
  created public.templates;
begin
  perform private.require_permission(organization_id, 'templates:write');
  answer := private.replayed_response(organization_id);
  if answer is not null then
    return answer;
  end if;
  insert into public.templates (organization_id, name, body, category, weight)
  values (organization_id, template ->> 'name', template ->> 'body', coalesce(template ->> 'category', 'service'),
    coalesce((template ->> 'weight')::integer, 1))
  returning * into created;
  perform private.replace_variants(created, coalesce(template -> 'variants', '[]'));
  perform private.check_weights(created);
  return private.remember_response(organization_id, private.template_json(created));
end
$$;

-- Definer: see create_template.
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
    -- Another category has other rules: the variants are read again.
    perform private.replace_variants(template, private.template_json(template) -> 'variants');
  end if;
  perform private.check_weights(template);
  return private.template_json(template);
end
$$;

-- Definer: see create_template.
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
    perform private.problem(409, 'template_of_kind', 'The texts of a kind are changed, not deleted.');
  end if;
  delete from public.templates t where t.id = template.id;
end
$$;

-- Each wording as a recipient would get it, filled in with what a lead gives and with what is given here, which comes
-- first: { renderings: [{ variant_id, label, weight, body, missing }] }; body is null where something is missing.
-- Definer: as get_template; the lead is judged by require_lead.
create function private.render_template(organization_id uuid, template_id uuid, lead_id uuid, variables jsonb)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  template jsonb := private.get_template(organization_id, template_id);
  organization text := (select o.name from public.organizations o where o.id = render_template.organization_id);
  known jsonb := jsonb_build_object('organization', organization);
begin
  if lead_id is not null then
    known := private.lead_variables(private.require_lead(organization_id, lead_id, 'leads:read'), organization);
  end if;
  known := known || coalesce(variables, '{}');
  return jsonb_build_object('renderings', (
    select jsonb_agg(jsonb_build_object('variant_id', w.id, 'label', w.label, 'weight', w.weight,
      'body', private.filled(w.body, known), 'missing', coalesce((
        select jsonb_agg(distinct m[1]) from regexp_matches(w.body, '\{\{([^{}|]*)\}\}', 'g') m where coalesce(known ->> m[1], '') !~ '\S'), '[]')) order by w.place, w.label)
    from (
      select 0 as place, null as label, (template ->> 'id')::uuid as id, template ->> 'body' as body, (template ->> 'weight')::integer as weight
      union all
      select 1, v.label, v.id, v.body, v.weight
      from jsonb_to_recordset(template -> 'variants') as v (id uuid, label text, body text, weight integer)
    ) w));
end
$$;

create function public.list_templates(organization_id uuid, filters jsonb default '{}', page_limit integer default 50, page_offset integer default 0)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.list_templates(organization_id, filters, page_limit, page_offset)
$$;
comment on function public.list_templates is 'A page of templates with their variants.';

create function public.get_template(organization_id uuid, template_id uuid)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.get_template(organization_id, template_id)
$$;
comment on function public.get_template is 'A template with its variants.';

create function public.create_template(organization_id uuid, template jsonb)
returns jsonb
language sql set search_path = ''
as $$
  select private.create_template(organization_id, template)
$$;
comment on function public.create_template is 'Adds a template with its variants.';

create function public.update_template(organization_id uuid, template_id uuid, change jsonb)
returns jsonb
language sql set search_path = ''
as $$
  select private.update_template(organization_id, template_id, change)
$$;
comment on function public.update_template is 'Changes a template; variants are replaced as a whole.';

create function public.delete_template(organization_id uuid, template_id uuid)
returns void
language sql set search_path = ''
as $$
  select private.delete_template(organization_id, template_id)
$$;
comment on function public.delete_template is 'Deletes a template that no unfinished campaign uses.';

create function public.render_template(organization_id uuid, template_id uuid, lead_id uuid default null, variables jsonb default '{}')
returns jsonb
language sql set search_path = ''
as $$
  select private.render_template(organization_id, template_id, lead_id, variables)
$$;
comment on function public.render_template is 'Each wording of a template, filled in with a lead''s data or given values.';

grant execute on function private.list_templates(uuid, jsonb, integer, integer), private.get_template(uuid, uuid),
  private.create_template(uuid, jsonb), private.update_template(uuid, uuid, jsonb), private.delete_template(uuid, uuid),
  private.render_template(uuid, uuid, uuid, jsonb) to authenticated;
grant execute on function public.list_templates(uuid, jsonb, integer, integer), public.get_template(uuid, uuid),
  public.create_template(uuid, jsonb), public.update_template(uuid, uuid, jsonb), public.delete_template(uuid, uuid),
  public.render_template(uuid, uuid, uuid, jsonb) to authenticated;
