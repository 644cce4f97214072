-- After a step that failed as a whole: finds the organization that it failed for and puts that aside, so that the next
-- steps serve the others. Steps themselves do not look, because each would pay for it. What may be over soon (a
-- deadlock, a full disk) puts nobody aside. While outcomes are recorded it is thrown, and the caller tries again;
-- afterwards it is passed over, because throwing would undo the outcomes: their texts could be sent a second time.

-- Records the outcomes of each organization apart. What cannot be recorded is looked up later, as after a crash.
create function private.record_outcomes_apart(outcomes jsonb)
returns void
language plpgsql set search_path = '' set enable_seqscan = off set jit = off
as $$
declare
  part record;
begin
  for part in
    select m.organization_id, jsonb_agg(o.value) as outcomes from jsonb_array_elements(outcomes) o
    join public.messages m on m.id = (o.value ->> 'id')::uuid group by 1
  loop
    begin
      perform private.record_outcomes(part.outcomes);
    exception
      when transaction_rollback or insufficient_resources or object_not_in_prerequisite_state then raise;
      when others then
        raise warning 'outcomes of organization % were not recorded: %', part.organization_id, sqlerrm;
    end;
  end loop;
end
$$;

-- Claims messages of an organization's accounts and takes it back. If that fails their circuits open: after a growing
-- pause one message probes.
create function private.try_accounts(account_ids uuid[], platform jsonb)
returns void
language plpgsql set search_path = ''
as $$
begin
  perform private.lock_rate_buckets(account_ids, '{}');
  perform private.claim_messages(100, array(select row(a.id, 100)::private.account_share from unnest(account_ids) a (id)),
    platform);
  raise exception using errcode = 'SBTRY';
exception
  when sqlstate 'SBTRY' then null;
  when transaction_rollback or insufficient_resources or object_not_in_prerequisite_state then
    raise warning 'messages of the accounts % were not tried: %', account_ids, sqlerrm;
  when others then
    raise warning 'messages of the accounts % cannot be claimed: %', account_ids, sqlerrm;
    update public.sms_accounts a set status = 'circuit_open', outages = a.outages + 1,
      circuit_open_until = now() + least(60, 2 ^ least(a.outages, 10)) * interval '1 minute',
      circuit_open_reason = 'Its messages cannot be prepared. The platform is told.'
    where a.id = any (account_ids) and a.status in ('active', 'circuit_open');
end
$$;

-- The same for a campaign, which is paused.
create function private.try_campaign(campaign public.campaigns, half_open uuid[], platform jsonb)
returns void
language plpgsql set search_path = ''
as $$
declare
  reason constant text := 'Its messages cannot be prepared. The platform is told.';
begin
  perform private.lock_rate_buckets('{}', array[campaign.id]);
  perform private.claim_campaign(campaign, 100, half_open, platform);
  raise exception using errcode = 'SBTRY';
exception
  when sqlstate 'SBTRY' then null;
  when transaction_rollback or insufficient_resources or object_not_in_prerequisite_state then
    raise warning 'targets of campaign % were not tried: %', campaign.id, sqlerrm;
  when others then
    raise warning 'targets of campaign % cannot be claimed: %', campaign.id, sqlerrm;
    update public.campaigns c set status = 'paused', status_reason = reason where c.id = campaign.id and c.status = 'running';
    begin
      perform private.notify_about_campaign(campaign, 'paused:' || extract(epoch from now()), campaign.name || ' was paused',
        reason);
    exception when others then
      raise warning 'the admins were not notified that campaign % was paused: %', campaign.id, sqlerrm;
    end;
end
$$;

-- One organization or campaign after the other, in random order, until the time is up. Security definer because the
-- service role may not write these tables.
create function private.recover_dispatch(outcomes jsonb, platform jsonb)
returns void
language plpgsql security definer set search_path = ''
as $$
declare
  half_open uuid[];
  accounts uuid[];
  campaign public.campaigns;
  deadline constant timestamptz := clock_timestamp() + interval '5 seconds';
begin
  perform private.record_outcomes_apart(outcomes);
  -- The workers of a dispatcher fail together.
  if not pg_try_advisory_xact_lock(hashtextextended('recover_dispatch', 0)) then
    return;
  end if;
  half_open := private.accounts_to_probe();
  for accounts in
    select array_agg(w.id) from unnest(private.waiting_accounts(half_open)) w group by w.organization_id order by random()
  loop
    exit when clock_timestamp() > deadline;
    perform private.try_accounts(accounts, platform);
  end loop;
  for campaign in select c.* from public.campaigns c where c.status = 'running' order by random() loop
    exit when clock_timestamp() > deadline;
    perform private.try_campaign(campaign, half_open, platform);
  end loop;
end
$$;
grant execute on function private.recover_dispatch(jsonb, jsonb) to service_role;

create function public.recover_dispatch(outcomes jsonb default '[]', platform jsonb default '{}')
returns void
language sql set search_path = ''
as $$
  select private.recover_dispatch(outcomes, platform)
$$;
comment on function public.recover_dispatch is
  'After a failed step: records each organization''s outcomes apart, and puts aside what made it fail.';
grant execute on function public.recover_dispatch(jsonb, jsonb) to service_role;
