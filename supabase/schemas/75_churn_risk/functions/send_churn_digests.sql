-- Every minute: notifies owners and those who configure churn which clients have entered the highest band, once a finished
-- run has found them and at most once a day for each organization. Owners are notified of their own clients, the others of
-- all. Nobody is notified of a client that was deleted meanwhile or is not in the band any more.
create function private.send_churn_digests()
returns integer
language plpgsql set search_path = ''
as $$
declare
  due record;
  sent integer := 0;
begin
  for due in
    select o.id as organization_id, d.today from public.organizations o
    cross join lateral (select (now() at time zone o.time_zone)::date as today) d
    where exists (select from private.churn_alerts a where a.organization_id = o.id and a.digested_on is null)
      and not exists (select from private.churn_digests g where g.organization_id = o.id and g.day = d.today)
      and not exists (select from private.scoring_runs r where r.organization_id = o.id and r.finished_at is null)
    order by o.id limit 200
  loop
    begin
      insert into private.churn_digests (organization_id, day) values (due.organization_id, due.today)
      on conflict do nothing;
      if found then
        perform private.notify(private.churn_digest(due.organization_id, due.today));
        update private.churn_alerts a set digested_on = due.today
        where a.organization_id = due.organization_id and a.digested_on is null;
        sent := sent + 1;
      end if;
    exception when others then
      raise warning 'the churn digest of % was not sent: %', due.organization_id, sqlerrm;
    end;
  end loop;
  return sent;
end
$$;

-- The digest of a day, one notification a person; up to ten clients by name.
create function private.churn_digest(organization_id uuid, day date)
returns private.notification[]
language sql stable set search_path = ''
as $$
  with entered as (
    select distinct on (c.id) c.id, c.name, c.owner_id, k.score
    from private.churn_alerts a
    join public.clients c on c.organization_id = a.organization_id and c.id = a.client_id and c.deleted_at is null
    join public.client_risks k on k.organization_id = c.organization_id and k.client_id = c.id and k.band = 'critical'
    where a.organization_id = churn_digest.organization_id and a.digested_on is null
    order by c.id
  ), readers as (
    select m.user_id, e.* from entered e
    join public.memberships m on m.organization_id = churn_digest.organization_id and m.status = 'active'
    where exists (
      select from public.role_permissions p
      where p.role_id = m.role_id and p.permission = 'clients:read'
        and (p.scope = 'organization' or e.owner_id = m.user_id))
      and (e.owner_id = m.user_id or exists (
        select from public.role_permissions p where p.role_id = m.role_id and p.permission = 'churn:configure'))
  ), numbered as (
    select r.*, row_number() over (partition by r.user_id order by r.score desc, r.id) as n from readers r
  )
  select array_agg(d.notification) from (
    select row(churn_digest.organization_id, n.user_id, 'churn', 'churn:' || churn_digest.day,
      format('%s %s at high risk of leaving', count(*), case count(*) when 1 then 'client is' else 'clients are' end),
      string_agg(n.name || ' (' || round(n.score) || ' %)', ', ' order by n.n) filter (where n.n <= 10),
      jsonb_build_object('clients', count(*), 'client_ids', jsonb_agg(n.id order by n.n) filter (where n.n <= 10),
        'client_names', jsonb_agg(n.name order by n.n) filter (where n.n <= 10)), null)::private.notification as notification
    from numbered n group by n.user_id
  ) d
$$;
