-- What the leads function calls to add, read, change, delete and restore leads: each is one round trip.

-- For writers of custom fields: those that are to be stored, once they are judged. `change` is laid over `held` key by
-- key, null removes. Only what changes is judged: a value whose field or choice went, and a field that became required
-- later, must not keep people from changing the rest.
create function private.checked_custom_fields(organization_id uuid, held jsonb, change jsonb, is_new boolean)
returns jsonb
language plpgsql volatile set search_path = ''
as $$
declare
  merged jsonb := jsonb_strip_nulls(held || change);
  faults jsonb;
begin
  perform pg_advisory_xact_lock_shared(hashtextextended('lead_fields|' || organization_id, 0));
  select jsonb_agg(f) into faults
  from jsonb_array_elements(private.custom_field_faults(private.lead_field_definitions(organization_id), merged)) f
  where is_new or (change ? substr(f ->> 'path', 15)
    and merged -> substr(f ->> 'path', 15) is distinct from held -> substr(f ->> 'path', 15));
  if faults is not null then
    perform private.problem(422, 'invalid_field', 'Some fields are invalid.', faults);
  end if;
  return merged;
end
$$;

-- What no constraint can say with the field's name.
create function private.check_lead(wanted public.leads)
returns void
language plpgsql stable set search_path = ''
as $$
declare
  fault jsonb;
begin
  if wanted.first_name = '' and wanted.last_name = '' and wanted.email is null and wanted.phone is null then
    fault := '{"path": "", "message": "A lead needs a name, an e-mail address or a phone number."}';
  elsif wanted.status is not null and not exists (
      select from public.pipeline_stages s where s.organization_id = wanted.organization_id and s.key = wanted.status) then
    fault := '{"path": "status", "message": "is not a stage of the organization''s pipeline"}';
  elsif not private.is_time_zone(wanted.time_zone) then
    fault := '{"path": "time_zone", "message": "is not the name of a time zone"}';
  end if;
  if fault is not null then
    perform private.problem(422, 'invalid_field', 'Some fields are invalid.', jsonb_build_array(fault));
  end if;
end
$$;

-- People give new leads to themselves, or to others as far as their permission to assign reaches; nobody more than it may
-- hold. Locks the holder, as every assignment does.
create function private.check_first_holder(organization_id uuid, user_id uuid)
returns void
language plpgsql volatile set search_path = ''
as $$
declare
  load record;
begin
  if user_id is distinct from auth.uid() then
    perform private.require_holders(organization_id, array[user_id], array['assigned_to']);
  elsif user_id <> all (private.lock_holders(organization_id, array[user_id])) then
    perform private.problem(422, 'invalid_field', 'Some fields are invalid.',
      '[{"path": "assigned_to", "message": "is no active member who may hold leads"}]');
  end if;
  select * into load from private.holder_loads(organization_id, array[user_id]);
  if load.open >= load.capacity then
    perform private.problem(409, 'over_capacity', 'This person holds as many open leads as it may.',
      jsonb_build_object('capacity', load.capacity, 'open', load.open));
  end if;
end
$$;

-- Whose managers see a lead is the caller's to say for its own team, or for any where it writes all leads.
create function private.check_lead_team(organization_id uuid, team_id uuid)
returns void
language plpgsql stable set search_path = ''
as $$
begin
  if not exists (
      select from public.teams t where t.organization_id = check_lead_team.organization_id and t.id = check_lead_team.team_id)
    and team_id is not null then
    perform private.problem(422, 'invalid_field', 'Some fields are invalid.',
      '[{"path": "team_id", "message": "is not a team of the organization"}]');
  end if;
  if private.require_scope(organization_id, 'leads:write') <> 'organization' and not exists (
      select from public.memberships m
      where m.organization_id = check_lead_team.organization_id and m.user_id = auth.uid() and m.team_id = check_lead_team.team_id) then
    perform private.problem(422, 'invalid_field', 'Some fields are invalid.', '[{"path": "team_id", "message": "is not your team"}]');
  end if;
end
$$;

-- Refuses a number or address that another living lead has, unless the caller may and wants to. Of a lead that the caller
-- may not see, only that there is one. The caller has taken lock_lead_contacts.
create function private.refuse_duplicate(
  organization_id uuid, phone text, email text, allowed boolean, except_id uuid default null)
returns void
language plpgsql stable set search_path = ''
as $$
declare
  existing uuid;
  lead public.leads;
begin
  if allowed then
    perform private.require_permission(organization_id, 'leads:duplicate');
    return;
  end if;
  existing := private.duplicate_of(organization_id, phone, email, except_id);
  if existing is null then
    return;
  end if;
  select * into lead from public.leads l where l.organization_id = refuse_duplicate.organization_id and l.id = existing;
  perform private.problem(409, 'duplicate_lead', 'There is a lead with this phone number or e-mail address already.',
    case when private.reaches(lead, 'leads:read') then jsonb_build_object('existing_id', existing) end);
end
$$;

create function private.lead_of(organization_id uuid, lead_id uuid)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.lead_json(l) from public.leads l where l.organization_id = lead_of.organization_id and l.id = lead_of.lead_id
$$;
comment on function private.lead_of is 'The lead as it is after all triggers: what a function that changed it answers.';

-- POST /leads. A holder is given by the one way in which leads change hands (see the assignment's migration), so history
-- and notice follow. Definer: leads are written by functions only.
create function private.create_lead(organization_id uuid, lead jsonb, allow_duplicate boolean)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  answer jsonb;
  wanted public.leads;
begin
  perform private.require_scope(organization_id, 'leads:write');
  answer := private.replayed_response(organization_id);
  if answer is not null then
    return answer;
  end if;
  wanted := jsonb_populate_record(null::public.leads, lead || jsonb_build_object('organization_id', organization_id,
    'first_name', coalesce(lead ->> 'first_name', ''), 'last_name', coalesce(lead ->> 'last_name', '')));
  perform private.check_lead(wanted);
  perform private.lock_lead_contacts(organization_id, wanted.phone, wanted.email);
  if wanted.assigned_to is not null then
    perform private.check_first_holder(organization_id, wanted.assigned_to);
  elsif wanted.team_id is not null then
    perform private.check_lead_team(organization_id, wanted.team_id);
  end if;
  perform private.refuse_duplicate(organization_id, wanted.phone, wanted.email, allow_duplicate);
  insert into public.leads (organization_id, first_name, last_name, email, phone, source, status, value, tags, time_zone,
    country, region, custom_fields, team_id, created_by)
  values (organization_id, wanted.first_name, wanted.last_name, wanted.email, wanted.phone, coalesce(wanted.source, 'manual'),
    wanted.status, coalesce(wanted.value, 0), coalesce(wanted.tags, '{}'), wanted.time_zone, wanted.country, wanted.region,
    private.checked_custom_fields(organization_id, '{}', coalesce(wanted.custom_fields, '{}'), true),
    case when wanted.assigned_to is null then wanted.team_id end, auth.uid())
  returning id into wanted.id;
  if wanted.assigned_to is not null then
    perform private.assign_leads(organization_id, array[wanted.id], array[wanted.assigned_to], 'manual');
  end if;
  return private.remember_response(organization_id, private.lead_of(organization_id, wanted.id));
end
$$;

-- GET /leads/{id}: the lead, its students and how much there is of the rest, as far as the caller may see that.
-- Definer: as list_leads.
create function private.get_lead(organization_id uuid, lead_id uuid)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
  lead public.leads := private.require_lead(organization_id, lead_id, 'leads:read');
begin
  return private.lead_json(lead) || jsonb_build_object(
    'students', coalesce((
      select jsonb_agg(to_jsonb(s) - 'organization_id' order by s.id) from (
        select s.* from public.students s
        where s.organization_id = get_lead.organization_id and s.lead_id = get_lead.lead_id order by s.id limit 50) s), '[]'),
    'counts', jsonb_build_object(
      'students', (
        select count(*) from public.students s
        where s.organization_id = get_lead.organization_id and s.lead_id = get_lead.lead_id),
      'interactions', case when private.reaches(lead, 'interactions:read') then (
        select count(*) from public.interactions i
        where i.organization_id = get_lead.organization_id and i.lead_id = get_lead.lead_id) end,
      'open_tasks', case when private.reaches(lead, 'tasks:read') then (
        select count(*) from public.tasks t
        where t.organization_id = get_lead.organization_id and t.lead_id = get_lead.lead_id
          and t.status in ('open', 'in_progress')) end,
      'messages', case when private.reaches(lead, 'messages:read') then (
        select count(*) from public.messages m
        where m.organization_id = get_lead.organization_id and m.lead_id = get_lead.lead_id) end));
end
$$;

-- PATCH /leads/{id}: { lead }, or { stale } with the lead as it is when the expected version has passed. Stage and holder
-- have endpoints of their own, which write their histories; here they may only be repeated. Definer: see create_lead.
create function private.update_lead(
  organization_id uuid, lead_id uuid, change jsonb, expected_version integer, allow_duplicate boolean)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  held public.leads;
  wanted public.leads;
begin
  perform private.require_scope(organization_id, 'leads:write');
  if change ?| array['phone', 'email'] then
    perform private.lock_lead_contacts(organization_id, change ->> 'phone', change ->> 'email');
  end if;
  held := private.require_lead(organization_id, lead_id, 'leads:write', true);
  if held.version <> expected_version then
    return jsonb_build_object('stale', private.lead_json(held));
  end if;
  wanted := jsonb_populate_record(held, change || jsonb_build_object('organization_id', organization_id));
  if wanted.status <> held.status then
    perform private.problem(422, 'invalid_field', 'Some fields are invalid.',
      '[{"path": "status", "message": "is changed by PATCH /leads/{id}/status"}]');
  elsif wanted.assigned_to is distinct from held.assigned_to then
    perform private.problem(422, 'invalid_field', 'Some fields are invalid.',
      '[{"path": "assigned_to", "message": "is changed by PATCH /leads/{id}/assign"}]');
  elsif wanted.team_id is distinct from held.team_id and held.assigned_to is not null then
    perform private.problem(422, 'invalid_field', 'Some fields are invalid.',
      '[{"path": "team_id", "message": "is the team of the person to whom the lead is assigned"}]');
  elsif wanted.team_id is distinct from held.team_id then
    perform private.check_lead_team(organization_id, wanted.team_id);
  end if;
  perform private.check_lead(wanted);
  if (wanted.phone, wanted.email) is distinct from (held.phone, held.email) then
    perform private.refuse_duplicate(organization_id, nullif(wanted.phone, held.phone), nullif(wanted.email, held.email),
      allow_duplicate, lead_id);
  end if;
  if change ? 'custom_fields' then
    wanted.custom_fields := private.checked_custom_fields(organization_id, held.custom_fields, change -> 'custom_fields', false);
  end if;
  update public.leads l
  set first_name = wanted.first_name, last_name = wanted.last_name, email = wanted.email, phone = wanted.phone,
    source = wanted.source, value = wanted.value, tags = wanted.tags, time_zone = wanted.time_zone, country = wanted.country,
    region = wanted.region, custom_fields = wanted.custom_fields, team_id = wanted.team_id
  where l.organization_id = update_lead.organization_id and l.id = update_lead.lead_id;
  return jsonb_build_object('lead', private.lead_of(organization_id, lead_id));
end
$$;

-- DELETE /leads/{id}. Definer: see create_lead.
create function private.delete_lead(organization_id uuid, lead_id uuid)
returns void
language plpgsql security definer set search_path = ''
as $$
begin
  perform private.require_lead(organization_id, lead_id, 'leads:delete', true);
  update public.leads l set deleted_at = now(), deleted_by = auth.uid()
  where l.organization_id = delete_lead.organization_id and l.id = delete_lead.lead_id;
end
$$;

-- POST /leads/{id}/restore. A lead that is not deleted stays as it is, so that a repeat does no harm. Definer: see create_lead.
create function private.restore_lead(organization_id uuid, lead_id uuid, allow_duplicate boolean)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  lead public.leads;
begin
  perform private.require_scope(organization_id, 'leads:delete');
  -- Read before the row is locked (see lock_lead_contacts). Nobody changes a deleted lead meanwhile.
  select * into lead from public.leads l where l.organization_id = restore_lead.organization_id and l.id = lead_id;
  if lead.id is null or not (private.reaches(lead, 'leads:read') and private.reaches(lead, 'leads:delete')) then
    perform private.problem(404, 'not_found', 'There is no such lead.');
  end if;
  perform private.lock_lead_contacts(organization_id, lead.phone, lead.email);
  select * into lead from public.leads l
  where l.organization_id = restore_lead.organization_id and l.id = lead_id for update;
  if lead.merged_into is not null then
    perform private.problem(409, 'merged', 'The lead was merged into another one; that cannot be undone.',
      jsonb_build_object('merged_into', lead.merged_into));
  elsif lead.deleted_at is not null then
    perform private.refuse_duplicate(organization_id, lead.phone, lead.email, allow_duplicate, lead_id);
    update public.leads l set deleted_at = null, deleted_by = null
    where l.organization_id = restore_lead.organization_id and l.id = restore_lead.lead_id;
  end if;
  return private.lead_of(organization_id, lead_id);
end
$$;

create function public.create_lead(organization_id uuid, lead jsonb, allow_duplicate boolean default false)
returns jsonb
language sql set search_path = ''
as $$
  select private.create_lead(organization_id, lead, allow_duplicate)
$$;
comment on function public.create_lead is 'Adds a lead; repeats with the same Idempotency-Key answer alike.';

create function public.get_lead(organization_id uuid, lead_id uuid)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.get_lead(organization_id, lead_id)
$$;
comment on function public.get_lead is 'A lead with its students and how much there is of the rest.';

create function public.update_lead(
  organization_id uuid, lead_id uuid, change jsonb, expected_version integer default null, allow_duplicate boolean default false)
returns jsonb
language sql set search_path = ''
as $$
  select private.update_lead(organization_id, lead_id, change, expected_version, allow_duplicate)
$$;
comment on function public.update_lead is 'Changes a lead if it still has the expected version: { lead }, else { stale } with the lead as it is.';

create function public.delete_lead(organization_id uuid, lead_id uuid)
returns void
language sql set search_path = ''
as $$
  select private.delete_lead(organization_id, lead_id)
$$;
comment on function public.delete_lead is 'Takes a lead out of every list; restore_lead undoes it.';

create function public.restore_lead(organization_id uuid, lead_id uuid, allow_duplicate boolean default false)
returns jsonb
language sql set search_path = ''
as $$
  select private.restore_lead(organization_id, lead_id, allow_duplicate)
$$;
comment on function public.restore_lead is 'Brings a deleted lead back, unless its number or address is another lead''s by now.';

grant execute on function private.create_lead(uuid, jsonb, boolean), private.get_lead(uuid, uuid),
  private.update_lead(uuid, uuid, jsonb, integer, boolean), private.delete_lead(uuid, uuid),
  private.restore_lead(uuid, uuid, boolean) to authenticated;
grant execute on function public.create_lead(uuid, jsonb, boolean), public.get_lead(uuid, uuid),
  public.update_lead(uuid, uuid, jsonb, integer, boolean), public.delete_lead(uuid, uuid),
  public.restore_lead(uuid, uuid, boolean) to authenticated;
