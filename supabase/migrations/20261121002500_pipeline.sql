-- The pipeline: an organization's stages, how leads move through them, and how many stand where. Whoever moves leads holds
-- the pipeline's advisory lock shared, whoever replaces the stages holds it alone, and both take it before any row: a
-- move can neither meet a stage that is being taken away nor deadlock with it.

-- Rows of the histories keep their lead's id through a merge, so that each lead's chain of moves can still be told apart.
alter table public.lead_history add column merged_from uuid;
comment on column public.lead_history.merged_from is 'The lead to which it happened, where a merge moved it here; null: to this one.';
alter table public.lead_assignments add column merged_from uuid;
comment on column public.lead_assignments.merged_from is 'The lead to which it happened, where a merge moved it here; null: to this one.';

-- As before, but that a merge also writes merged_from.
create or replace function private.keep_evidence()
returns trigger
language plpgsql set search_path = ''
as $$
declare
  merging boolean := coalesce(current_setting('signalbox.merging', true), '') = new.lead_id::text;
  free text[] := array['lead_id', 'from_user', 'to_user', 'assigned_by', 'changed_by', 'recorded_by', 'created_by'];
begin
  if merging then
    free := free || 'merged_from'::text;
  end if;
  if to_jsonb(new) - free is distinct from to_jsonb(old) - free
    or (new.lead_id is not null and new.lead_id is distinct from old.lead_id and not coalesce(merging, false)) then
    raise exception 'This record cannot be changed.' using errcode = '42501';
  end if;
  return new;
end
$$;

create function private.lock_pipeline(organization_id uuid, alone boolean default false)
returns void
language plpgsql set search_path = ''
as $$
declare
  key bigint := hashtextextended('pipeline|' || organization_id, 0);
begin
  if alone then
    perform pg_advisory_xact_lock(key);
  else
    perform pg_advisory_xact_lock_shared(key);
  end if;
end
$$;
comment on function private.lock_pipeline is 'Taken before any row, by whoever moves leads (shared) or replaces the stages (alone).';

create function private.stages_json(organization_id uuid)
returns jsonb
language sql stable set search_path = ''
as $$
  select coalesce(jsonb_agg(jsonb_build_object('key', s.key, 'label', s.label, 'position', s.position, 'outcome', s.outcome,
    'sla_minutes', s.sla_minutes, 'next_stages', s.next_stages) order by s.position), '[]')
  from public.pipeline_stages s where s.organization_id = stages_json.organization_id
$$;

-- GET /pipeline/stages. Definer: it judges the caller itself, so that a suspended one gets 403 and not an empty list.
create function private.list_stages(organization_id uuid)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
begin
  perform private.require_scope(organization_id, 'leads:read');
  return private.stages_json(organization_id);
end
$$;

-- What is wrong with a list of stages beyond what constraints say, as a list of faulty fields.
create function private.stage_faults(stages jsonb)
returns jsonb
language sql immutable set search_path = ''
as $$
  with given as (
    select s.value as stage, s.ordinality - 1 as place, s.value ->> 'key' as key from jsonb_array_elements(stages) with ordinality s
  ), faults as (
    select format('stages.%s.key', g.place) as path, 'is the key of another stage too' as message
    from given g where exists (select from given o where o.key = g.key and o.place < g.place)
    union all
    select format('stages.%s.next_stages', g.place), format('%s is not one of the stages', n.value)
    from given g cross join jsonb_array_elements_text(
      case jsonb_typeof(g.stage -> 'next_stages') when 'array' then g.stage -> 'next_stages' else '[]' end) n
    where not exists (select from given o where o.key = n.value)
    union all
    select 'stages', 'At least one stage must be open: new leads enter the first open one.'
    where not exists (select from given g where g.stage ->> 'outcome' is null)
  )
  select jsonb_agg(jsonb_build_object('path', f.path, 'message', f.message)) from faults f
$$;

-- The moves that are asked for when stages go: from a stage that goes, to one that stays.
create function private.check_stage_moves(moves jsonb, gone text[], kept text[])
returns void
language plpgsql immutable set search_path = ''
as $$
declare
  faults jsonb := (
    select jsonb_agg(jsonb_build_object('path', 'move.' || m.key, 'message',
      case when m.key <> all (gone) then 'is not a stage that goes' else 'does not lead to one of the new stages' end))
    from jsonb_each_text(moves) m where m.key <> all (gone) or m.value is null or m.value <> all (kept));
begin
  if faults is not null then
    perform private.problem(422, 'invalid_field', 'Some fields are invalid.', faults);
  end if;
end
$$;

-- Moves the leads of stages that go, deleted ones too: a restored lead must stand somewhere. Their rows are locked already.
create function private.move_leads_of_stages(organization_id uuid, moves jsonb)
returns void
language plpgsql set search_path = ''
as $$
begin
  insert into public.lead_history (organization_id, lead_id, from_status, to_status, seconds_in_stage, note, changed_by, created_at)
  select l.organization_id, l.id, l.status, moves ->> l.status,
    greatest(0, floor(extract(epoch from now() - l.status_since))), 'The stage was removed.', auth.uid(), clock_timestamp()
  from public.leads l
  where l.organization_id = move_leads_of_stages.organization_id and l.status in (select jsonb_object_keys(moves));
  update public.leads l set status = moves ->> l.status
  where l.organization_id = move_leads_of_stages.organization_id and l.status in (select jsonb_object_keys(moves));
end
$$;

-- PUT /pipeline/stages. stages: [{ key, label, outcome?, sla_minutes?, next_stages? }] in their order; moves: where the
-- leads of stages that go are to stand. Definer: stages are nobody's to write.
create function private.replace_stages(organization_id uuid, stages jsonb, moves jsonb)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  faults jsonb;
  kept text[] := array(select s ->> 'key' from jsonb_array_elements(stages) s);
  gone text[];
  closing text[];
  held jsonb;
begin
  perform private.require_permission(organization_id, 'leads:configure');
  faults := private.stage_faults(stages);
  if faults is not null then
    perform private.problem(422, 'invalid_field', 'Some fields are invalid.', faults);
  end if;
  perform private.lock_pipeline(organization_id, true);
  -- Against leads that are being added: their foreign key waits here, or they are seen below.
  perform from public.pipeline_stages s where s.organization_id = replace_stages.organization_id order by s.key for update;
  select coalesce(array_agg(s.key) filter (where s.key <> all (kept)), '{}'),
    coalesce(array_agg(s.key) filter (where n.value ->> 'outcome' is distinct from s.outcome and n.value is not null), '{}')
  into gone, closing
  from public.pipeline_stages s
  left join jsonb_array_elements(stages) n on n.value ->> 'key' = s.key
  where s.organization_id = replace_stages.organization_id;
  perform private.check_stage_moves(moves, gone, kept);
  select jsonb_object_agg(c.status, c.leads) into held
  from (
    select l.status, count(*) as leads from public.leads l
    where l.organization_id = replace_stages.organization_id and l.status = any (gone) and not moves ? l.status
    group by l.status
  ) c;
  if held is not null then
    perform private.problem(409, 'stage_in_use', 'Leads, deleted ones counted, stand in stages that would go: say where they move to.',
      jsonb_build_object('leads', held));
  end if;
  perform from public.leads l
  where l.organization_id = replace_stages.organization_id and l.status = any (gone || closing) order by l.id for update;

  update public.pipeline_stages s set position = -s.position
  where s.organization_id = replace_stages.organization_id and s.key = any (gone);
  insert into public.pipeline_stages as s (organization_id, key, label, position, outcome, sla_minutes, next_stages)
  select replace_stages.organization_id, n.value ->> 'key', btrim(n.value ->> 'label'), n.ordinality, n.value ->> 'outcome',
    (n.value ->> 'sla_minutes')::integer,
    case when jsonb_typeof(n.value -> 'next_stages') = 'array' then array(select jsonb_array_elements_text(n.value -> 'next_stages')) end
  from jsonb_array_elements(stages) with ordinality n
  on conflict on constraint pipeline_stages_key_unique do update
    set label = excluded.label, position = excluded.position, outcome = excluded.outcome, sla_minutes = excluded.sla_minutes,
      next_stages = excluded.next_stages
    where (s.label, s.position, s.outcome, s.sla_minutes, s.next_stages)
      is distinct from (excluded.label, excluded.position, excluded.outcome, excluded.sla_minutes, excluded.next_stages);
  perform private.move_leads_of_stages(organization_id, moves);
  delete from public.pipeline_stages s where s.organization_id = replace_stages.organization_id and s.key = any (gone);
  -- The trigger sets closed_at by it.
  update public.leads l set outcome = s.outcome
  from public.pipeline_stages s
  where l.organization_id = replace_stages.organization_id and l.status = any (closing)
    and s.organization_id = l.organization_id and s.key = l.status and l.outcome is distinct from s.outcome;
  return private.stages_json(organization_id);
end
$$;

-- How many living leads stand in each stage, and their value. Stages without leads may be missing.
create function private.lead_counts_by_status(organization_id uuid)
returns table (status text, leads bigint, value numeric)
language sql stable set search_path = ''
as $$
  select l.status, count(*), sum(l.value) from public.leads l
  where l.organization_id = lead_counts_by_status.organization_id and l.deleted_at is null
  group by l.status
$$;

-- The same of the leads that the caller reaches.
create function private.pipeline_figures(organization_id uuid)
returns table (status text, leads bigint, value numeric)
language plpgsql stable set search_path = ''
as $$
begin
  if private.require_scope(organization_id, 'leads:read') = 'organization' then
    return query select c.status, c.leads, c.value from private.lead_counts_by_status(pipeline_figures.organization_id) c;
  else
    return query execute 'select x.status, count(*), sum(x.value) from public.leads x where '
      || private.reach(organization_id, 'leads:read') || ' group by x.status';
  end if;
end
$$;

-- GET /pipeline/summary. Definer: totals are nobody's to read; the figures are those of the caller's reach.
create function private.pipeline_summary(organization_id uuid)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
begin
  return (
    select coalesce(jsonb_agg(jsonb_build_object('stage', s.key, 'label', s.label, 'count', coalesce(f.leads, 0),
      'value', coalesce(f.value, 0)::numeric(20, 2)::text, 'position', s.position) order by s.position), '[]')
    from private.pipeline_figures(pipeline_summary.organization_id) f
    right join public.pipeline_stages s on s.key = f.status
    where s.organization_id = pipeline_summary.organization_id);
end
$$;

-- PATCH /leads/{id}/status: { lead }, or { stale } with the lead as it is when the expected version has passed. To the
-- stage where it stands already is no move. Definer: leads and their history are nobody's to write directly.
create function private.move_lead(organization_id uuid, lead_id uuid, status text, note text, expected_version integer)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  lead public.leads;
  allowed text[];
  closed boolean;
begin
  perform private.lock_pipeline(organization_id);
  lead := private.require_lead(organization_id, lead_id, 'leads:write', true);
  if lead.version <> expected_version then
    return jsonb_build_object('stale', private.lead_json(lead));
  end if;
  closed := lead.outcome is not null;
  if not exists (
    select from public.pipeline_stages s where s.organization_id = move_lead.organization_id and s.key = move_lead.status) then
    perform private.problem(422, 'invalid_field', 'Some fields are invalid.',
      '[{"path": "status", "message": "is not a stage of the organization''s pipeline"}]');
  end if;
  if lead.status <> move_lead.status then
    select s.next_stages into allowed from public.pipeline_stages s
    where s.organization_id = move_lead.organization_id and s.key = lead.status;
    if move_lead.status <> all (allowed) then
      perform private.problem(409, 'stage_not_allowed', 'From its stage the lead cannot move there.',
        jsonb_build_object('status', lead.status, 'allowed', allowed));
    end if;
    insert into public.lead_history (organization_id, lead_id, from_status, to_status, seconds_in_stage, note, changed_by, created_at)
    values (organization_id, lead_id, lead.status, status,
      -- A move that waited for another one began before the lead entered its stage.
      greatest(0, floor(extract(epoch from now() - lead.status_since))), note, auth.uid(), clock_timestamp());
    update public.leads l set status = move_lead.status
    where l.organization_id = move_lead.organization_id and l.id = move_lead.lead_id
    returning l.* into lead;
    -- What is closed stays with people who leave. Reopened, it is work that somebody has to be given.
    if closed and lead.outcome is null and not private.may_hold_leads(organization_id, lead.assigned_to) then
      perform private.assign_leads(organization_id, array[lead_id], array[null]::uuid[], 'departure');
      select * into lead from public.leads l where l.organization_id = move_lead.organization_id and l.id = move_lead.lead_id;
    end if;
  end if;
  return jsonb_build_object('lead', private.lead_json(lead));
end
$$;

create function public.list_stages(organization_id uuid)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.list_stages(organization_id)
$$;
comment on function public.list_stages is 'The stages of the pipeline, in their order.';

-- Moving the leads of a crowded stage takes longer than a request may otherwise; the Data API applies the setting.
create function public.replace_stages(organization_id uuid, stages jsonb, moves jsonb default '{}')
returns jsonb
language sql set search_path = '' set statement_timeout = '55s'
as $$
  select private.replace_stages(organization_id, stages, moves)
$$;
comment on function public.replace_stages is 'Replaces the pipeline''s stages; moves: where the leads of stages that go are to stand.';

create function public.pipeline_summary(organization_id uuid)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.pipeline_summary(organization_id)
$$;
comment on function public.pipeline_summary is 'How many leads stand in each stage and what they are worth, as far as the caller reaches.';

create function public.move_lead(
  organization_id uuid, lead_id uuid, status text, note text default null, expected_version integer default null)
returns jsonb
language sql set search_path = ''
as $$
  select private.move_lead(organization_id, lead_id, status, note, expected_version)
$$;
comment on function public.move_lead is 'Moves a lead to another stage: { lead }, or { stale } where it has changed since the expected version.';

grant execute on function private.list_stages(uuid), private.replace_stages(uuid, jsonb, jsonb), private.pipeline_summary(uuid),
  private.move_lead(uuid, uuid, text, text, integer) to authenticated;
grant execute on function public.list_stages(uuid), public.replace_stages(uuid, jsonb, jsonb), public.pipeline_summary(uuid),
  public.move_lead(uuid, uuid, text, text, integer) to authenticated;
