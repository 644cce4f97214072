-- Records an answer that could not be stored as unclear. What cannot be recorded at all is asked about again when its
-- lease ends, and must not hold up the others.
create function private.record_unclear_lookup(message_id uuid, attempt integer, error text)
returns text
language plpgsql set search_path = ''
as $$
begin
  raise warning 'the answer about message % was not recorded: %', message_id, error;
  return private.record_lookup(message_id, attempt, 'unclear', '[]');
exception
  when transaction_rollback or insufficient_resources or object_not_in_prerequisite_state then raise;
  when others then
    return 'unrecorded';
end
$$;

-- The answers to a batch of lookups: [{ id, attempt, account_id, kind, candidates?, code?, retry_after_seconds? }].
-- kind: answered (candidates: the provider's messages that this one may be; none if it has none), unclear (the answer
-- about this message made no sense), failed (the provider refused the account or did not answer), skipped (not asked
-- after that), other_account (the message went through a provider account that can no longer be asked). Returns how
-- many messages had which result. In the order of ids, so that two batches do not deadlock. Security definer, as
-- claim_for_reconciliation.
create function private.record_lookups(answers jsonb)
returns jsonb
language plpgsql security definer set search_path = '' set enable_seqscan = off set jit = off
as $$
declare
  lookup record;
  result text;
  results jsonb := '{}'::jsonb;
begin
  insert into private.lookup_pauses as p (account_id, organization_id, until, failures, reason)
  select a.id, a.organization_id, now() + greatest(interval '30 seconds', f.retry_after), 1, f.code
  from (
    select x.account_id, coalesce(min(x.code), 'none') as code,
      least(86400, coalesce(max(x.retry_after_seconds), 0)) * interval '1 second' as retry_after
    from jsonb_to_recordset(answers) as x (account_id uuid, kind text, code text, retry_after_seconds numeric)
    where x.kind = 'failed' group by x.account_id
  ) f
  join public.sms_accounts a on a.id = f.account_id
  order by a.id
  on conflict on constraint lookup_pauses_pkey do update set
    until = greatest(excluded.until,
      now() + least(interval '1 hour', interval '30 seconds' * 2 ^ least(p.failures, 10))),
    failures = p.failures + 1, reason = excluded.reason;
  delete from private.lookup_pauses p
  where p.account_id in (
      select x.account_id from jsonb_to_recordset(answers) as x (account_id uuid, kind text)
      group by x.account_id having bool_or(x.kind = 'answered') and not bool_or(x.kind = 'failed'));
  for lookup in
    select * from jsonb_to_recordset(answers) as x (id uuid, attempt integer, kind text, candidates jsonb)
    where x.id is not null order by x.id
  loop
    begin
      result := private.record_lookup(lookup.id, lookup.attempt, lookup.kind, coalesce(lookup.candidates, '[]'));
    exception
      when transaction_rollback or insufficient_resources or object_not_in_prerequisite_state then raise;
      when others then
        result := private.record_unclear_lookup(lookup.id, lookup.attempt, sqlerrm);
    end;
    results := results || jsonb_build_object(result, coalesce((results ->> result)::integer, 0) + 1);
  end loop;
  return results;
end
$$;
grant execute on function private.record_lookups(jsonb) to service_role;

create function public.record_lookups(answers jsonb)
returns jsonb
language sql set search_path = ''
as $$
  select private.record_lookups(answers)
$$;
comment on function public.record_lookups is
  'Records what providers answered about messages without a final status; returns how many had which result.';
grant execute on function public.record_lookups(jsonb) to service_role;
