-- Reassigns a leaving member's open leads and tasks, and their clients; with null as successor they become unassigned.
-- Deleted leads are reassigned too, so that a restored lead has the same assignee as the others.
create function private.reassign_open_work(organization_id uuid, user_id uuid, successor uuid)
returns void
language plpgsql set search_path = ''
as $$
declare
  held uuid[] := array(
    select l.id from public.leads l
    where l.organization_id = reassign_open_work.organization_id and l.assigned_to = reassign_open_work.user_id
      and l.deleted_at is null and l.outcome is null
    order by l.id);
begin
  perform private.assign_leads(organization_id, held, array_fill(successor, array[cardinality(held)]), 'departure');
  with moved as (
    update public.leads l set assigned_to = successor
    where l.organization_id = reassign_open_work.organization_id and l.assigned_to = reassign_open_work.user_id
      and l.deleted_at is not null and l.outcome is null
    returning l.id
  )
  insert into public.lead_assignments (organization_id, lead_id, from_user, to_user, method, assigned_by)
  select reassign_open_work.organization_id, m.id, reassign_open_work.user_id, successor, 'departure', auth.uid()
  from moved m;
  update public.tasks t set assigned_to = successor
  where t.organization_id = reassign_open_work.organization_id and t.assigned_to = reassign_open_work.user_id
    and t.status in ('open', 'in_progress');
  update public.clients c set owner_id = successor
  where c.organization_id = reassign_open_work.organization_id and c.owner_id = reassign_open_work.user_id;
end
$$;

-- Removes the membership, not the account. reassign_to: with null, open leads or tasks make it fail with 409; 'none'
-- leaves them unassigned. Closed leads and tasks stay with the person. Locks are taken in the order of everything that
-- assigns leads: the organization (if an admin is removed), memberships, holders, leads.
-- Security definer because nobody may write leads, tasks and holders directly.
create function private.remove_user(organization_id uuid, user_id uuid, reassign_to text)
returns void
language plpgsql security definer set search_path = ''
as $$
declare
  successor uuid := case when reassign_to <> 'none' then reassign_to::uuid end;
  membership public.memberships;
  leads bigint;
  tasks bigint;
begin
  perform private.require_permission(organization_id, 'members:manage');
  perform private.lock_memberships(organization_id, array[user_id, successor]);
  select * into membership from public.memberships m
  where m.organization_id = remove_user.organization_id and m.user_id = remove_user.user_id and not m.is_service;
  if membership.id is null then
    perform private.problem(404, 'not_found', 'There is no such user.');
  end if;
  if successor is not null
    and (successor = user_id or successor <> all (private.lock_holders(organization_id, array[successor]))) then
    perform private.problem(422, 'invalid_field', 'Some fields are invalid.',
      '[{"path": "reassign_to", "message": "is not another active member who may hold leads"}]');
  end if;
  select count(*) into leads from public.leads l
  where l.organization_id = remove_user.organization_id and l.assigned_to = remove_user.user_id
    and l.deleted_at is null and l.outcome is null;
  select count(*) into tasks from public.tasks t
  where t.organization_id = remove_user.organization_id and t.assigned_to = remove_user.user_id
    and t.status in ('open', 'in_progress');
  if reassign_to is null and leads + tasks > 0 then
    perform private.problem(409, case when leads > 0 then 'has_open_leads' else 'has_open_tasks' end,
      'This person has open leads or tasks. Name the new assignee in reassign_to, or "none".',
      jsonb_build_object('open_leads', leads, 'open_tasks', tasks));
  end if;
  perform private.reassign_open_work(organization_id, user_id, successor);
  delete from public.memberships m where m.id = membership.id;
  delete from public.lead_holders h
  where h.organization_id = remove_user.organization_id and h.user_id = remove_user.user_id;
end
$$;
grant execute on function private.remove_user(uuid, uuid, text) to authenticated;

-- 55 s, because a member may hold tens of thousands of leads; the Data API applies the setting.
create function public.remove_user(organization_id uuid, user_id uuid, reassign_to text default null)
returns void
language sql set search_path = '' set statement_timeout = '55s'
as $$
  select private.remove_user(organization_id, user_id, reassign_to)
$$;
comment on function public.remove_user is
  'Removes a member; open leads and tasks are reassigned to reassign_to, a user''s id or "none".';
grant execute on function public.remove_user(uuid, uuid, text) to authenticated;
