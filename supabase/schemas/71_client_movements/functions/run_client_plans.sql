-- Every minute: enters planned movements whose day has come in their organization, in the name of their planner.
-- What has become impossible meanwhile (the client has left already) is dropped; one that fails for another reason is
-- tried again, ten times, and holds up no other. A client that a request holds waits for the next run. Killed at any
-- line, it goes on with what is left.
create function private.run_client_plans()
returns integer
language plpgsql set search_path = ''
as $$
declare
  plan private.client_plans;
  client public.clients;
  done integer := 0;
begin
  for plan in
    select p.* from private.client_plans p
    where p.effective_on <= (now() at time zone 'UTC')::date + 1 and p.failures < 10
      and p.effective_on <= private.local_day(p.organization_id)
    order by p.effective_on, p.id limit 500
  loop
    begin
      perform set_config('request.jwt.claims',
        jsonb_strip_nulls(jsonb_build_object('sub', plan.recorded_by, 'role', 'service_role'))::text, true);
      -- The client before the plan, as requests lock them; who comes second finds no plan.
      select * into client from public.clients c
      where (c.organization_id = plan.organization_id) is true and c.id = plan.client_id for update skip locked;
      continue when client.id is null;
      delete from private.client_plans p where p.id = plan.id;
      if found and client.deleted_at is null then
        perform private.apply_movement(client, plan.movement, plan.details, plan.effective_on, 'plan');
        done := done + 1;
      end if;
    exception when others then
      if sqlstate like 'PT4%' then
        delete from private.client_plans p where p.id = plan.id;
      else
        update private.client_plans p set failures = p.failures + 1, last_error = left(sqlerrm, 500)
        where p.id = plan.id;
      end if;
      raise warning 'the planned movement % was not entered: %', plan.id, sqlerrm;
    end;
  end loop;
  perform set_config('request.jwt.claims', '', true);
  return done;
end
$$;

-- Every night: trials that are over, pauses that took too long, and clients that have owed something for too long, by
-- the organization's settings. What holds of the locked client counts, not what the list has found: requests may have
-- changed it since. A client that a request holds waits for the next night, so that nobody's lock holds up the others.
create function private.run_client_rules()
returns integer
language plpgsql set search_path = ''
as $$
declare
  due record;
  client public.clients;
  done integer := 0;
begin
  perform private.track_unpaid_clients();
  for due in
    select c.id, c.trial_ends_on as day, null as reason
    from public.clients c
    where c.status = 'trial' and c.deleted_at is null and c.trial_ends_on <= private.local_day(c.organization_id)
    union all
    select c.id, c.paused_on + s.pause_days, 'unknown'
    from public.clients c join public.churn_settings s on s.organization_id = c.organization_id
    where c.status = 'paused' and c.deleted_at is null
      and c.paused_on + s.pause_days <= private.local_day(c.organization_id)
    union all
    select c.id, greatest(c.unpaid_since, c.spell_started_on) + s.unpaid_days, 'payment'
    from public.churn_settings s join public.clients c on c.organization_id = s.organization_id
    where s.unpaid_days is not null and c.unpaid_since is not null and c.deleted_at is null
      and c.status in ('active', 'leaving')
      and greatest(c.unpaid_since, c.spell_started_on) + s.unpaid_days <= private.local_day(c.organization_id)
    order by day, id
  loop
    begin
      select * into client from public.clients c
      where c.id = due.id and c.deleted_at is null for update skip locked;
      if client.id is not null and private.is_rule_due(client, due.day) then
        perform private.apply_movement(client, 'churn', jsonb_strip_nulls(jsonb_build_object('reason', due.reason)),
          due.day, 'rule');
        done := done + 1;
      end if;
    exception when others then
      raise warning 'the rule for the client % failed: %', due.id, sqlerrm;
    end;
  end loop;
  return done;
end
$$;

-- Whether a rule still ends the service of a client, or its trial, on this day.
create function private.is_rule_due(client public.clients, day date)
returns boolean
language sql stable set search_path = ''
as $$
  select day <= private.local_day(client.organization_id) and day = case
    when client.status = 'trial' then client.trial_ends_on
    when client.status = 'paused' then client.paused_on + s.pause_days
    when client.status in ('active', 'leaving') and client.unpaid_since is not null
      then greatest(client.unpaid_since, client.spell_started_on) + s.unpaid_days end
  from public.churn_settings s where s.organization_id = client.organization_id
$$;

-- Since when a linked customer has owed something. customers.arrears has no history: this is what a nightly look knows.
-- A client whose links are gone owes nothing any more. One whose row a request holds is looked at the next night.
create function private.track_unpaid_clients()
returns void
language plpgsql set search_path = ''
as $$
begin
  perform set_config('signalbox.derived', 'on', true);
  with changed as (
    select c.id, coalesce(d.owes, false) as owes
    from public.clients c
    left join (
      select l.client_id, bool_or(a.arrears > 0) as owes
      from public.client_links l
      join public.customers a on a.organization_id = l.organization_id and a.id = l.customer_id
      where not l.rejected
      group by l.client_id
    ) d on d.client_id = c.id
    where (d.client_id is not null or c.unpaid_since is not null)
      and coalesce(d.owes, false) <> (c.unpaid_since is not null)
    order by c.id for update of c skip locked
  )
  update public.clients c set unpaid_since = case when n.owes then private.local_day(c.organization_id) end
  from changed n where c.id = n.id;
  perform set_config('signalbox.derived', '', true);
end
$$;
