-- How long after it was written a service text may still begin to be sent. What waits longer (for the approval of an
-- organization or a sender, for a provider) says something that is no longer true.
create function private.message_lifetime()
returns interval
language sql immutable parallel safe set search_path = ''
as $$
  select interval '72 hours'
$$;

-- Whether a queued text is too old to be sent. Automatic replies have their own, shorter expiry; the texts of campaigns are
-- checked anew each time, and a person resumes a campaign. Who resends a text with an unknown outcome begins its time anew.
create function private.is_outdated(message public.messages)
returns boolean
language sql stable set search_path = ''
as $$
  select message.campaign_id is null and not private.is_auto_reply(message.purpose)
    and message.created_at < now() - private.message_lifetime()
    and not exists (
      select from public.message_events e
      where e.message_id = message.id and e.source = 'person' and e.status = 'queued'
        and e.occurred_at > now() - private.message_lifetime())
$$;

-- Cancels queued texts that have become too old, also those that no dispatcher looks at because their sender is disabled or
-- its provider does not answer: up to 2,000 of an organization a run.
create function private.cancel_outdated_messages()
returns void
language plpgsql set search_path = '' set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
  set jit = off
as $$
declare
  waiting record;
  -- Partitions and index entries of younger texts are not read.
  youngest constant uuid := private.uuid_v7_floor(now() - private.message_lifetime());
  deadline constant timestamptz := clock_timestamp() + interval '5 seconds';
begin
  for waiting in
    select a.organization_id, array_agg(a.id) as account_ids
    from private.queueing_accounts() a
    cross join lateral (
      select from public.messages m
      where m.account_id = a.id and m.status = 'queued' and m.id < youngest and private.is_outdated(m) limit 1
    ) outdated
    group by a.organization_id
  loop
    exit when clock_timestamp() > deadline;
    begin
      with outdated as materialized (
        select m.id from public.messages m
        where m.account_id = any (waiting.account_ids) and m.status = 'queued' and m.id < youngest and private.is_outdated(m)
        limit 2000 for update skip locked
      ), canceled as (
        update public.messages m
        set status = 'canceled', error_code = 'expired', error_message = private.verdict_text('expired'), updated_at = now()
        where m.id in (select o.id from outdated o)
        returning m.id, m.organization_id
      )
      insert into public.message_events (organization_id, message_id, status, source)
      select c.organization_id, c.id, 'canceled', 'dispatch' from canceled c;
    exception when others then
      raise warning 'outdated messages of organization % were not canceled: %', waiting.organization_id, sqlerrm;
    end;
  end loop;
end
$$;
