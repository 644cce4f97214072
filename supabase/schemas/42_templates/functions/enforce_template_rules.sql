-- Security definer because it reads campaigns that the caller may not see.
create function private.enforce_template_rules()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  if tg_op = 'DELETE' then
    -- The organization itself is being deleted.
    if not exists (select from public.organizations o where o.id = old.organization_id) then
      return old;
    end if;
    if private.template_in_use(old.organization_id, old.id, array['draft', 'scheduled', 'freezing', 'running',
      'paused']) then
      perform private.problem(409, 'template_in_use', 'A campaign that has not ended uses this template.');
    end if;
    return old;
  end if;
  if new.category = 'marketing' and new.kind <> 'custom' then
    perform private.problem(422, 'invalid_field', 'A template with a kind must have category ''service''.',
      '[{"path": "category", "message": "must be service for this template"}]');
  end if;
  if tg_op = 'UPDATE' then
    if (new.body, new.weight) is distinct from (old.body, old.weight)
      and private.template_in_use(old.organization_id, old.id, array['freezing', 'running'])
    then
      perform private.problem(409, 'template_in_use', 'A running campaign uses this template. Pause it first.');
    end if;
    if new.category <> old.category
      and private.template_in_use(old.organization_id, old.id, array['draft', 'scheduled', 'freezing', 'running',
        'paused'])
    then
      perform private.problem(409, 'template_in_use',
        'A campaign that has not ended uses this template: its category cannot change.');
    end if;
  end if;
  return new;
end
$$;
