-- Leases these messages and returns them. interrupted: nothing was recorded about the attempt, so its process ended
-- uncleanly.
create function private.lease_unknown_outcomes(message_ids uuid[])
returns jsonb
language sql volatile set search_path = '' set enable_seqscan = off set jit = off
as $$
  with leased as (
    update public.messages m set lookup_until = now() + interval '1 minute'
    from (
      select d.id, d.lookup_until is null and not exists (
          select from public.message_events e
          where e.message_id = d.id and e.status = 'unknown' and e.occurred_at >= d.sending_at) as interrupted
      from public.messages d where d.id = any (message_ids)
    ) p where m.id = p.id
    returning m.*, p.interrupted
  )
  select coalesce(jsonb_agg(jsonb_build_object('id', l.id, 'attempt', l.attempts, 'to', l.to_number, 'from',
    l.from_number, 'body', private.body_as_sent(l.purpose, l.id, l.body), 'provider', l.provider, 'account_id', l.account_id, 'provider_account',
    l.provider_account, 'provider_message_id', l.provider_message_id, 'since', l.sending_at, 'interrupted',
    l.interrupted)), '[]')
  from leased l
$$;

-- A message that cannot be claimed stops no other: those of its sender are passed over for a while.
create function private.pause_unreadable(message_id uuid, error text)
returns void
language plpgsql set search_path = ''
as $$
begin
  raise warning 'message % could not be claimed for a lookup: %', message_id, error;
  insert into private.lookup_pauses as p (account_id, organization_id, until, failures, reason)
  select m.account_id, m.organization_id, now() + private.failed_item_pause(), 1, 'internal'
  from public.messages m where m.id = message_id
  on conflict on constraint lookup_pauses_pkey do update set until = greatest(p.until, excluded.until);
end
$$;

-- Holds messages whose sender is gone, or whose provider has given no clear answer for a day, for a person to decide.
create function private.hold_overdue(unknown_after_seconds integer, batch_size integer)
returns void
language plpgsql set search_path = '' set enable_seqscan = off set jit = off
as $$
declare
  overdue public.messages;
begin
  for overdue in
    select d.* from public.messages d
    where d.status = 'sending' and d.held_at is null
      and d.sending_at < now() - case when d.account_id is null then unknown_after_seconds * interval '1 second'
        else interval '1 day' end
    order by d.sending_at limit batch_size for update skip locked
  loop
    begin
      perform private.hold_for_decision(overdue,
        case when overdue.account_id is null then 'no_account' else 'unclear' end);
    exception
      when transaction_rollback or insufficient_resources or object_not_in_prerequisite_state then raise;
      when others then
        raise warning 'message % could not be held: %', overdue.id, sqlerrm;
    end;
  end loop;
end
$$;

-- Leases messages that are `sending` without an outcome, to ask the provider about them; those that nobody can be asked
-- about are held. What fails for one message stops no other. Returns { messages, credentials }. Security definer, as
-- claim_for_reconciliation.
create function private.claim_unknown_outcomes(unknown_after_seconds integer, batch_size integer)
returns jsonb
language plpgsql security definer set search_path = '' set enable_seqscan = off set jit = off
as $$
declare
  picked uuid[];
  message_id uuid;
  answer jsonb := '[]'::jsonb;
begin
  perform private.hold_overdue(unknown_after_seconds, batch_size);
  picked := array(
    select d.id from public.messages d
    where d.status = 'sending' and d.held_at is null and d.account_id is not null
      and d.sending_at < now() - unknown_after_seconds * interval '1 second'
      and (d.lookup_until is null or d.lookup_until < now())
      and not exists (select from private.lookup_pauses p where p.account_id = d.account_id and p.until > now())
    order by d.sending_at limit batch_size for update of d skip locked);
  begin
    answer := private.lease_unknown_outcomes(picked);
  exception
    when transaction_rollback or insufficient_resources or object_not_in_prerequisite_state then raise;
    when others then
      foreach message_id in array picked loop
        begin
          answer := answer || private.lease_unknown_outcomes(array[message_id]);
        exception
          when transaction_rollback or insufficient_resources or object_not_in_prerequisite_state then raise;
          when others then
            perform private.pause_unreadable(message_id, sqlerrm);
        end;
      end loop;
  end;
  if cardinality(picked) = 0 then
    perform private.alert_admins_of_held(unknown_after_seconds);
  end if;
  return jsonb_build_object('messages', answer, 'credentials', private.account_credentials(array(
    select distinct (c ->> 'account_id')::uuid from jsonb_array_elements(answer) c)));
end
$$;
grant execute on function private.claim_unknown_outcomes(integer, integer) to service_role;

create function public.claim_unknown_outcomes(unknown_after_seconds integer, batch_size integer default 50)
returns jsonb
language sql set search_path = ''
as $$
  select private.claim_unknown_outcomes(unknown_after_seconds, batch_size)
$$;
comment on function public.claim_unknown_outcomes is
  'Leases messages whose outcome is unknown, to ask the provider about them.';
grant execute on function public.claim_unknown_outcomes(integer, integer) to service_role;
