-- Exponential backoff with jitter: the base, five times and twenty-five times it, each multiplied by 0.75 to 1.25.
create function private.email_retry_delay(attempts integer, base_seconds integer)
returns interval
language sql volatile set search_path = ''
as $$
  select base_seconds * 5 ^ (least(attempts, 5) - 1) * (0.75 + random() / 2) * interval '1 second'
$$;

-- What e-mails through the platform's server say about it: an answer closes the circuit, an outage opens it.
create function private.record_mail_outage(answered boolean, outage text, retry_seconds integer)
returns void
language plpgsql set search_path = ''
as $$
begin
  if answered then
    -- Hosted projects refuse a DELETE without WHERE (pg-safeupdate).
    delete from private.mail_outage where singleton;
  elsif outage is not null then
    insert into private.mail_outage as o (outages, resume_at, reason)
    values (1, now() + retry_seconds * interval '0.5 second', outage)
    on conflict on constraint mail_outage_pkey do update set
      outages = o.outages + 1, reason = excluded.reason,
      resume_at = now() + least(600, retry_seconds * 2 ^ (least(o.outages, 12) - 1)) * interval '1 second';
  end if;
end
$$;

-- The same of organizations' own servers: [{ integration_id, answered, outage }]. What goes wrong with one organization
-- must not take the outcomes of all others back.
create function private.record_own_servers(results jsonb)
returns void
language plpgsql set search_path = ''
as $$
declare
  result record;
begin
  for result in
    select i.organization_id, i.type, r.answered, r.outage
    from jsonb_to_recordset(results) as r (integration_id uuid, answered boolean, outage text)
    join public.integrations i on i.id = r.integration_id
    where r.answered or r.outage is not null
    order by i.id
  loop
    begin
      perform private.record_integration_result(result.organization_id, result.type,
        case when not result.answered then result.outage end);
    exception when others then
      raise warning 'The state of an integration was not recorded: % %', sqlstate, sqlerrm;
    end;
  end loop;
end
$$;

-- outcomes: [{ id, claim, kind: accepted|rejected|retry|throttled|outage|unknown, provider_message_id?, reason?,
-- retry_after_seconds? }]. An outcome of an earlier attempt than the last changes nothing. An e-mail that was accepted
-- after its lease ended counts as sent, so that it is not sent again. One that its organization's own server certainly
-- has not taken goes through the platform's, after an outage or after its last attempt, and that costs no attempt.
-- Sequential scans are off in all functions of the queue: a plan made while the outbox was empty would read all of it
-- once it has filled up. JIT is off because it takes the cost of a disabled plan for a real one.
create function private.record_emails(outcomes jsonb, retry_seconds integer)
returns void
language plpgsql set search_path = '' set enable_seqscan = off set jit = off
as $$
declare
  max_attempts constant integer := private.max_email_attempts();
  results jsonb;
begin
  if jsonb_array_length(outcomes) = 0 then
    return;
  end if;
  with r as (
    select x.*, e.integration_id is not null and case x.kind
        when 'outage' then e.provider <> 'resend' or e.attempts = 1
        when 'retry' then e.provider <> 'resend' and e.attempts >= max_attempts
        else false end as to_platform
    from jsonb_to_recordset(outcomes) as x (id uuid, claim integer, kind text, provider_message_id text,
      reason text, retry_after_seconds integer)
    join public.emails e on e.id = x.id
  ), recorded as (
    update public.emails e set
      status = case
        when r.kind = 'accepted' then 'sent'
        when r.kind = 'throttled' or r.to_platform or (r.kind in ('retry', 'outage') and e.attempts < max_attempts)
          then 'queued'
        else 'failed' end,
      attempts = e.attempts - case when r.kind = 'throttled' or r.to_platform then 1 else 0 end,
      via_platform = e.via_platform or r.to_platform,
      next_attempt_at = case when r.to_platform then now()
        when r.kind in ('retry', 'outage', 'throttled') then now() + greatest(
          case when r.kind = 'throttled' then interval '1 second'
            else private.email_retry_delay(e.attempts, retry_seconds) end,
          coalesce(r.retry_after_seconds, 0) * interval '1 second')
        else e.next_attempt_at end,
      sending_at = null,
      sent_at = case when r.kind = 'accepted' then clock_timestamp() else e.sent_at end,
      provider_message_id = coalesce(r.provider_message_id, e.provider_message_id),
      last_error = case when r.kind = 'accepted' then null else left(r.reason, 500) end
    from r
    where e.id = r.id and e.claim = r.claim
      and (e.status = 'sending' or (r.kind = 'accepted' and e.status in ('queued', 'failed')))
    returning e.id, e.status, e.integration_id, r.kind, r.reason
  ), forgotten as (
    delete from private.email_secrets s using recorded d where s.email_id = d.id and d.status = 'sent'
  ), servers as (
    select d.integration_id, bool_or(d.kind in ('accepted', 'rejected')) as answered,
      min(coalesce(d.reason, '')) filter (where d.kind = 'outage') as outage
    from recorded d group by d.integration_id
  )
  select jsonb_agg(to_jsonb(s)) into results from servers s;
  perform private.record_mail_outage(s.answered, s.outage, retry_seconds)
  from jsonb_to_recordset(results) as s (integration_id uuid, answered boolean, outage text)
  where s.integration_id is null;
  perform private.record_own_servers(results);
end
$$;
