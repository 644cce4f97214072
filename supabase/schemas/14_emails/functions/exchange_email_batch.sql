-- Takes e-mails back that a sender marked before it died. Resend keeps idempotency keys for a day, so there the e-mail
-- is sent again under the same key; otherwise it may have been sent, and a person decides.
create function private.release_expired_email_lease(email_id uuid)
returns void
language sql set search_path = ''
as $$
  update public.emails e set
    status = case
      when e.provider = 'resend' and e.attempts < private.max_email_attempts()
        and e.sending_at > now() - interval '23 hours' then 'queued'
      else 'failed' end,
    last_error = 'The sender stopped before it recorded the outcome: the e-mail may have been sent.',
    sending_at = null, next_attempt_at = now()
  where e.id = email_id
$$;

-- The same for all whose lease has expired; one that cannot be taken back stops no other.
create function private.release_expired_email_leases(lease_seconds integer)
returns void
language plpgsql set search_path = '' set enable_seqscan = off set jit = off
as $$
declare
  expired uuid;
begin
  for expired in
    select d.id from public.emails d
    where d.status = 'sending' and d.sending_at < now() - lease_seconds * interval '1 second'
    for update skip locked
  loop
    begin
      perform private.release_expired_email_lease(expired);
    exception
      when transaction_rollback or insufficient_resources or object_not_in_prerequisite_state then raise;
      when others then
        raise warning 'e-mail % was not taken back: %', expired, sqlerrm;
    end;
  end loop;
end
$$;

-- One step of a sender. Returns { emails, next_due_at }: the time of the next e-mail that is due, if within a minute.
-- Security definer because the service role may not write the outbox, and reads an e-mail's values only by claiming it.
create function private.exchange_email_batch(outcomes jsonb, batch_size integer, provider text, retry_seconds integer,
  lease_seconds integer)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  claimed jsonb := '[]'::jsonb;
begin
  perform private.record_emails(outcomes, greatest(retry_seconds, 1));
  if batch_size > 0 then
    perform private.release_expired_email_leases(lease_seconds);
    claimed := private.claim_emails(batch_size, provider);
  end if;
  return jsonb_build_object('emails', claimed, 'next_due_at', case when jsonb_array_length(claimed) = 0 then (
    select min(due.at) from (
      select greatest(
        min(e.next_attempt_at), coalesce((select o.resume_at from private.mail_outage o), '-infinity')) as at
      from public.emails e where e.status = 'queued' and e.next_attempt_at < now() + interval '1 minute'
      -- Without it an empty queue would be due at -infinity, because greatest() ignores the null of min().
      having count(*) > 0
    ) due where due.at < now() + interval '1 minute') end);
end
$$;
grant execute on function private.exchange_email_batch(jsonb, integer, text, integer, integer) to service_role;

create function public.exchange_email_batch(outcomes jsonb, batch_size integer, provider text, retry_seconds integer,
  lease_seconds integer)
returns jsonb
language sql set search_path = ''
as $$
  select private.exchange_email_batch(outcomes, batch_size, provider, retry_seconds, lease_seconds)
$$;
comment on function public.exchange_email_batch is
  'Records the outcomes of a group of e-mails and claims the next group, in one round trip.';
grant execute on function public.exchange_email_batch(jsonb, integer, text, integer, integer) to service_role;
