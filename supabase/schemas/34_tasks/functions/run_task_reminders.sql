-- One batch of due tasks: reminds their assignees, each once: the statement that claims a task clears its reminder, and
-- rows that another run holds are skipped. In the place of somebody who is suspended or gone, their substitutes are
-- reminded. The lead is named if the person may see it.
create function private.run_task_reminder_batch(at timestamptz, batch_size integer, excluded uuid[],
  out claimed integer, out sent integer)
language plpgsql set search_path = ''
as $$
declare
  notifications private.notification[];
begin
  with due as materialized (
    select t.id from public.tasks t where t.remind_at <= at and t.id <> all (excluded)
    order by t.remind_at limit batch_size for update skip locked
  ), taken as (
    update public.tasks t set remind_at = null from due where t.id = due.id returning t.*
  )
  select (select count(*) from taken), array_agg(row(t.organization_id, r.user_id, 'task_due',
      'task_due:' || t.id || ':' || extract(epoch from t.due_at)::bigint, 'A task is due', t.title,
      jsonb_build_object('task_id', t.id, 'task_title', t.title, 'due_at', t.due_at, 'deadline', t.due_at)
        || case when l.id is null then '{}' else jsonb_build_object('lead_id', l.id, 'lead_name',
          private.lead_label(l.lead)) end,
      l.id)::private.notification)
  into claimed, notifications
  from taken t
  left join public.memberships h
    on h.organization_id = t.organization_id and h.user_id = t.assigned_to and h.status = 'active'
  cross join lateral (
    select h.user_id where h.user_id is not null
    union all
    select s from private.substitutes(t.organization_id, t.assigned_to) s
    where h.user_id is null and t.assigned_to is not null
  ) r
  left join lateral (
    select x.id, x as lead from public.leads x
    join public.memberships m on m.organization_id = x.organization_id and m.user_id = r.user_id
      and m.status = 'active'
    join public.role_permissions p on p.role_id = m.role_id and p.permission = 'leads:read'
    where x.organization_id = t.organization_id and x.id = t.lead_id
      and (p.scope = 'organization' or m.user_id in (x.assigned_to, x.created_by)
        or (p.scope = 'team' and x.team_id = m.team_id))
  ) l on true;
  perform private.notify(coalesce(notifications, '{}'));
  sent := coalesce(cardinality(notifications), 0);
end
$$;

-- The task of each minute. Late runs catch up, 10,000 a minute. A task that makes a batch fail is skipped with a
-- warning, so that it does not block others.
create function private.run_task_reminders(at timestamptz default now())
returns integer
language plpgsql set search_path = ''
as $$
declare
  batch_size integer := 10000;
  sent integer := 0;
  batch record;
  failing uuid[] := array[]::uuid[];
begin
  loop
    begin
      batch := private.run_task_reminder_batch(at, batch_size, failing);
      sent := sent + batch.sent;
      exit when batch.claimed < batch_size or sent >= 10000;
      batch_size := 1000;
    exception when others then
      if batch_size = 1 then
        failing := failing || (
          select t.id from public.tasks t where t.remind_at <= at and t.id <> all (failing) order by t.remind_at limit 1);
        raise warning 'The reminder of task % was skipped: %', failing[cardinality(failing)], sqlerrm;
        exit when cardinality(failing) >= 100;
      end if;
      batch_size := greatest(1, batch_size / 10);
    end;
  end loop;
  return sent;
end
$$;
comment on function private.run_task_reminders is 'Sends the task reminders that are due; returns their number.';
