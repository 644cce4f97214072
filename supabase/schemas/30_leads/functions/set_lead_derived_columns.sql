-- The stage of the lead or, where that is a lost stage or lies before it, the furthest one so far.
create function private.furthest_stage(lead public.leads, so_far text)
returns text
language sql stable set search_path = ''
as $$
  select case
    when lead.outcome is distinct from 'lost' and (so_far is null or s.position > coalesce(f.position, 0))
      then lead.status
    else coalesce(so_far, private.first_stage(lead.organization_id)) end
  from public.pipeline_stages s
  left join public.pipeline_stages f on f.organization_id = s.organization_id and f.key = so_far
  where s.organization_id = lead.organization_id and s.key = lead.status
$$;

-- Sets what follows from other columns, on every write of a lead: outcome and closing time from the stage, team from
-- the assignee, version and update time. Changes of the response clock alone do not count as edits. Security definer
-- because writers of leads need not be able to read stages and memberships.
create function private.set_lead_derived_columns()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  if tg_op = 'INSERT' then
    new.currency := coalesce(new.currency, (select o.currency from public.organizations o
      where o.id = new.organization_id));
    new.status := coalesce(new.status, private.first_stage(new.organization_id));
  end if;
  if tg_op = 'INSERT' or new.status <> old.status then
    new.outcome := (
      select s.outcome from public.pipeline_stages s where s.organization_id = new.organization_id
        and s.key = new.status);
    if tg_op = 'UPDATE' then
      new.status_since := now();
    end if;
    new.furthest_status := private.furthest_stage(new, case when tg_op = 'UPDATE' then old.furthest_status end);
  end if;
  if tg_op = 'INSERT' or new.outcome is distinct from old.outcome then
    new.closed_at := case when new.outcome is not null then coalesce(new.closed_at, now()) end;
  end if;
  if new.assigned_to is not null and (tg_op = 'INSERT' or new.assigned_to is distinct from old.assigned_to) then
    new.assigned_at := case when tg_op = 'INSERT' then coalesce(new.assigned_at, now()) else now() end;
    new.team_id := (
      select m.team_id from public.memberships m
      where m.organization_id = new.organization_id and m.user_id = new.assigned_to);
  elsif new.assigned_to is null and tg_op = 'UPDATE' and old.assigned_to is not null then
    new.assigned_at := null;
  elsif tg_op = 'INSERT' and new.team_id is null then
    new.team_id := (
      select m.team_id from public.memberships m
      where m.organization_id = new.organization_id and m.user_id = new.created_by);
  end if;
  if tg_op = 'UPDATE' and (new.first_name, new.last_name, new.email, new.phone, new.source, new.status, new.value,
    new.tags,
      new.time_zone, new.country, new.region, new.custom_fields, new.team_id, new.assigned_to, new.deleted_at)
    is distinct from (old.first_name, old.last_name, old.email, old.phone, old.source, old.status, old.value, old.tags,
      old.time_zone, old.country, old.region, old.custom_fields, old.team_id, old.assigned_to, old.deleted_at) then
    new.version := old.version + 1;
    new.updated_at := now();
  end if;
  return new;
end
$$;
