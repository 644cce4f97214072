-- Moves the leads of removed stages, deleted leads too: a restored lead needs a stage. Their rows are locked already.
create function private.move_leads_of_stages(organization_id uuid, moves jsonb)
returns void
language plpgsql set search_path = ''
as $$
begin
  insert into public.lead_history (organization_id, lead_id, from_status, to_status, seconds_in_stage, note,
    changed_by, created_at)
  select l.organization_id, l.id, l.status, moves ->> l.status,
    greatest(0, floor(extract(epoch from now() - l.status_since))), 'The stage was removed.', auth.uid(),
      clock_timestamp()
  from public.leads l
  where l.organization_id = move_leads_of_stages.organization_id and l.status in (select jsonb_object_keys(moves));
  update public.leads l set status = moves ->> l.status
  where l.organization_id = move_leads_of_stages.organization_id and l.status in (select jsonb_object_keys(moves));
end
$$;

-- Leads that have reached a removed stage have reached the open or won one before it, else the first of the new ones.
create function private.step_back_furthest_stages(organization_id uuid, stages jsonb, removed text[])
returns void
language sql set search_path = ''
as $$
  update public.leads l set furthest_status = b.key
  from (
    select r.key as removed, coalesce(
      (
        select s.key from public.pipeline_stages s
        where s.organization_id = r.organization_id and s.position < r.position and s.key <> all (removed)
          and s.outcome is distinct from 'lost'
        order by s.position desc limit 1),
      (
        select n.value ->> 'key' from jsonb_array_elements(stages) with ordinality n
        where n.value ->> 'outcome' is null order by n.ordinality limit 1)) as key
    from public.pipeline_stages r
    where r.organization_id = step_back_furthest_stages.organization_id and r.key = any (removed)
  ) b
  where l.organization_id = step_back_furthest_stages.organization_id and l.furthest_status = b.removed
$$;

-- Checks `moves`: each from a removed stage to one of the new stages.
create function private.check_stage_moves(moves jsonb, removed text[], remaining text[])
returns void
language plpgsql immutable set search_path = ''
as $$
declare
  errors jsonb := (
    select jsonb_agg(jsonb_build_object('path', 'move.' || m.key, 'message',
      case when m.key <> all (removed) then 'is not a removed stage' else 'is not one of the new stages' end))
    from jsonb_each_text(moves) m where m.key <> all (removed) or m.value is null or m.value <> all (remaining));
begin
  if errors is not null then
    perform private.problem(422, 'invalid_field', 'Some fields are invalid.', errors);
  end if;
end
$$;

-- Validation errors of a list of stages that constraints do not express: [{ path, message }], or null.
create function private.stage_errors(stages jsonb)
returns jsonb
language sql immutable set search_path = ''
as $$
  with given as (
    select s.value as stage, s.ordinality - 1 as index, s.value ->> 'key' as key
      from jsonb_array_elements(stages) with ordinality s
  ), errors as (
    select format('stages.%s.key', g.index) as path, 'is the key of another stage' as message
    from given g where exists (select from given o where o.key = g.key and o.index < g.index)
    union all
    select format('stages.%s.next_stages', g.index), format('%s is not one of the stages', n.value)
    from given g cross join jsonb_array_elements_text(
      case jsonb_typeof(g.stage -> 'next_stages') when 'array' then g.stage -> 'next_stages' else '[]' end) n
    where not exists (select from given o where o.key = n.value)
    union all
    select 'stages', 'At least one stage must be open: new leads enter the first open one.'
    where not exists (select from given g where g.stage ->> 'outcome' is null)
  )
  select jsonb_agg(jsonb_build_object('path', f.path, 'message', f.message)) from errors f
$$;

-- Writes the new stages; removed ones get negative positions, so that theirs are free.
create function private.upsert_stages(organization_id uuid, stages jsonb, removed text[])
returns void
language plpgsql set search_path = ''
as $$
begin
  update public.pipeline_stages s set position = -s.position
  where s.organization_id = upsert_stages.organization_id and s.key = any (removed);
  insert into public.pipeline_stages as s (organization_id, key, label, position, outcome, sla_minutes, next_stages)
  select upsert_stages.organization_id, n.value ->> 'key', btrim(n.value ->> 'label'), n.ordinality,
    n.value ->> 'outcome', (n.value ->> 'sla_minutes')::integer,
    case when jsonb_typeof(n.value -> 'next_stages') = 'array'
      then array(select jsonb_array_elements_text(n.value -> 'next_stages')) end
  from jsonb_array_elements(stages) with ordinality n
  on conflict on constraint pipeline_stages_key_unique do update
    set label = excluded.label, position = excluded.position, outcome = excluded.outcome,
      sla_minutes = excluded.sla_minutes, next_stages = excluded.next_stages
    where (s.label, s.position, s.outcome, s.sla_minutes, s.next_stages)
      is distinct from (excluded.label, excluded.position, excluded.outcome, excluded.sla_minutes,
        excluded.next_stages);
end
$$;

-- PUT /pipeline/stages. stages: [{ key, label, outcome?, sla_minutes?, next_stages? }] in order; moves: the target
-- stage for the leads of each removed stage. Security definer because callers may not write stages directly.
create function private.replace_stages(organization_id uuid, stages jsonb, moves jsonb)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  errors jsonb;
  remaining text[] := array(select s ->> 'key' from jsonb_array_elements(stages) s);
  removed text[];
  outcome_changed text[];
  unmoved jsonb;
begin
  perform private.require_permission(organization_id, 'leads:configure');
  errors := private.stage_errors(stages);
  if errors is not null then
    perform private.problem(422, 'invalid_field', 'Some fields are invalid.', errors);
  end if;
  perform private.lock_pipeline(organization_id, true);
  -- Leads that are being added either wait here for their foreign key check, or are counted below.
  perform from public.pipeline_stages s where s.organization_id = replace_stages.organization_id
    order by s.key for update;
  select coalesce(array_agg(s.key) filter (where s.key <> all (remaining)), '{}'),
    coalesce(array_agg(s.key) filter (where n.value ->> 'outcome' is distinct from s.outcome and n.value is not null),
      '{}')
  into removed, outcome_changed
  from public.pipeline_stages s
  left join jsonb_array_elements(stages) n on n.value ->> 'key' = s.key
  where s.organization_id = replace_stages.organization_id;
  perform private.check_stage_moves(moves, removed, remaining);
  select jsonb_object_agg(c.status, c.leads) into unmoved
  from (
    select l.status, count(*) as leads from public.leads l
    where l.organization_id = replace_stages.organization_id and l.status = any (removed) and not moves ? l.status
    group by l.status
  ) c;
  if unmoved is not null then
    perform private.problem(409, 'stage_in_use',
      'Some removed stages still contain leads (including deleted ones). Give a target stage for each.',
        jsonb_build_object('leads', unmoved));
  end if;
  perform from public.leads l
  where l.organization_id = replace_stages.organization_id
    and (l.status = any (removed || outcome_changed) or l.furthest_status = any (removed))
    order by l.id for update;

  perform private.step_back_furthest_stages(organization_id, stages, removed);
  perform private.upsert_stages(organization_id, stages, removed);
  perform private.move_leads_of_stages(organization_id, moves);
  delete from public.pipeline_stages s where s.organization_id = replace_stages.organization_id
    and s.key = any (removed);
  -- The trigger derive_columns sets closed_at from it.
  update public.leads l set outcome = s.outcome
  from public.pipeline_stages s
  where l.organization_id = replace_stages.organization_id and l.status = any (outcome_changed)
    and s.organization_id = l.organization_id and s.key = l.status and l.outcome is distinct from s.outcome;
  return private.stages_json(organization_id);
end
$$;
grant execute on function private.replace_stages(uuid, jsonb, jsonb) to authenticated;

-- Moving the leads of a large stage takes longer than the usual limit; the Data API applies this setting.
create function public.replace_stages(organization_id uuid, stages jsonb, moves jsonb default '{}')
returns jsonb
language sql set search_path = '' set statement_timeout = '55s'
as $$
  select private.replace_stages(organization_id, stages, moves)
$$;
comment on function public.replace_stages is
  'Replaces the pipeline''s stages; moves: target stages for the leads of removed stages.';
grant execute on function public.replace_stages(uuid, jsonb, jsonb) to authenticated;
