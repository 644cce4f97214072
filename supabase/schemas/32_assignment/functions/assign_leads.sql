-- Notifies people of leads assigned to them: one notification per lead, or a single one for more than ten leads.
create function private.notify_of_assignments(organization_id uuid, assignments jsonb, note text)
returns void
language plpgsql set search_path = ''
as $$
declare
  assigned_by text := (select p.full_name from public.profiles p where p.id = auth.uid());
begin
  perform private.notify((
    with numbered as materialized (
      select a.*, count(*) over (partition by a.to_user) > 10 as bundled
      from jsonb_to_recordset(assignments) as a (id uuid, lead_id uuid, lead_name text, to_user uuid,
        deadline timestamptz)
    ), recipients as (
      select g.to_user, g.id, 'A lead was assigned to you' as title, g.lead_name as body, g.lead_id, g.lead_name,
        g.deadline, 1 as leads
      from numbered g where not g.bundled
      union all
      select g.to_user, (array_agg(g.id order by g.id))[1], count(*) || ' leads were assigned to you', '', null,
        count(*) || ' leads', min(g.deadline), count(*)
      from numbered g where g.bundled group by g.to_user
    )
    select array_agg(row(notify_of_assignments.organization_id, t.to_user, 'assignment', 'assignment:' || t.id,
      t.title, t.body, jsonb_build_object('lead_id', t.lead_id, 'lead_name', t.lead_name, 'deadline', t.deadline,
        'assigned_by_name', assigned_by, 'note', notify_of_assignments.note, 'leads', t.leads),
          t.lead_id)::private.notification)
    from recipients t));
end
$$;

-- Makes sessions plan again what they planned while there were few leads, which the checks of foreign keys do once: after an
-- import, and before autovacuum comes by, they would read the whole table for each lead. waits: also while others analyze,
-- whose statistics may be from before the import.
create function private.analyze_grown_leads(waits boolean)
returns void
language plpgsql set search_path = ''
as $$
begin
  if pg_relation_size('public.leads') / current_setting('block_size')::integer > 2 * (
      select c.relpages from pg_class c where c.oid = 'public.leads'::regclass) then
    if waits then
      analyze public.leads;
    else
      analyze (skip_locked) public.leads;
    end if;
  end if;
end
$$;

-- Assigns lead_ids[i] to user_ids[i] (null: unassigns), each lead at most once. Leads that are deleted, unknown or
-- assigned to that person already are skipped, the last unless there is a new deadline. Checks neither the caller nor
-- the people (lock_holders does), writes the history, notifies the people and returns the number of assigned leads.
-- deadline: instead of the computed one.
create function private.assign_leads(
  organization_id uuid, lead_ids uuid[], user_ids uuid[], method text, note text default null,
    deadline timestamptz default null)
returns integer
language plpgsql set search_path = ''
as $$
declare
  assignments jsonb;
  changed integer;
begin
  if cardinality(lead_ids) >= 1000 then
    perform private.analyze_grown_leads(true);
  end if;
  perform from public.leads l
  where l.organization_id = assign_leads.organization_id and l.id = any (lead_ids) order by l.id for update;
  perform set_config('signalbox.deadline', coalesce(to_jsonb(deadline) #>> '{}', ''), true);
  -- A statement that is planned for these very leads, as text: with plan_cache_mode the triggers' and foreign keys'
  -- statements would be planned again for each lead as well.
  execute $query$
    with requested as (
      select distinct on (w.lead_id) w.lead_id, w.to_user
      from unnest($2, $3) with ordinality w (lead_id, to_user, place) order by w.lead_id, w.place desc
    ), affected as (
      -- Each lead is looked up by its id alone, which is what "is true" is for: of an organization that is not in the
      -- statistics yet the planner expects no leads, and would read all of them for each.
      select l.id, l.assigned_to as from_user, w.to_user, private.uuid_v7() as assignment
      from requested w
      cross join lateral (
        select o.id, o.assigned_to, o.deleted_at from public.leads o
        where (o.organization_id = $1) is true and o.id = w.lead_id offset 0) l
      where l.deleted_at is null
        and (l.assigned_to is distinct from w.to_user or ($6 is not null and w.to_user is not null))
    ), changes as (
      update public.leads l set assigned_to = m.to_user
      from affected m where (l.organization_id = $1) is true and l.id = m.id
      returning l.id as lead_id, coalesce(nullif(l.full_name, ''), l.email, l.phone) as lead_name, l.sla_deadline,
        m.assignment as id, m.from_user, m.to_user
    ), written as (
      insert into public.lead_assignments
        (id, organization_id, lead_id, from_user, to_user, method, note, deadline, assigned_by, created_at)
      select c.id, $1, c.lead_id, c.from_user, c.to_user, $4, $5,
        case when c.to_user is not null then coalesce($6, c.sla_deadline) end, auth.uid(), clock_timestamp()
      from changes c
    )
    select count(*), jsonb_agg(jsonb_build_object('id', c.id, 'lead_id', c.lead_id, 'lead_name', c.lead_name,
      'to_user', c.to_user, 'deadline', coalesce($6, c.sla_deadline))) filter (where c.to_user is not null)
    from changes c
  $query$ into changed, assignments using organization_id, lead_ids, user_ids, method, note, deadline;
  perform set_config('signalbox.deadline', '', true);
  if assignments is not null then
    perform private.notify_of_assignments(organization_id, assignments, note);
  end if;
  return changed;
end
$$;
comment on function private.assign_leads is
  'Assigns lead_ids[i] to user_ids[i] (null: unassigns), with history and notifications, without checks.';
