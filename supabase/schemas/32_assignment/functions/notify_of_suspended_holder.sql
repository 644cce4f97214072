-- Notifies the substitutes of somebody who was suspended how many open leads and tasks that person has. Security definer
-- because those who suspend need not be able to read them.
create function private.notify_of_suspended_holder()
returns trigger
language plpgsql security definer set search_path = ''
as $$
declare
  person text := (select coalesce(nullif(p.full_name, ''), p.email) from public.profiles p where p.id = new.user_id);
  open_leads bigint := (
    select count(*) from public.leads l
    where l.organization_id = new.organization_id and l.assigned_to = new.user_id and l.deleted_at is null
      and l.outcome is null);
  open_tasks bigint := (
    select count(*) from public.tasks t
    where t.organization_id = new.organization_id and t.assigned_to = new.user_id
      and t.status in ('open', 'in_progress') and not t.lead_deleted);
begin
  if open_leads + open_tasks > 0 then
    perform private.notify(array(
      select row(new.organization_id, s.user_id, 'system', 'suspended:' || new.user_id || ':' || clock_timestamp(),
        person || ' was suspended and has open work',
        format('Open leads: %s, open tasks: %s. Reassign them; until then you get the reminders.', open_leads,
          open_tasks),
        jsonb_build_object('user_id', new.user_id, 'open_leads', open_leads, 'open_tasks', open_tasks),
        null)::private.notification
      from private.substitutes(new.organization_id, new.user_id) s (user_id)));
  end if;
  return null;
end
$$;
