-- Enters an amount for a contract. All contracts of a client in force on a day have one currency. observed_from: from
-- when on the client would have been seen to leave; as it is known of the spell to which the day belongs or by whose
-- beginning the service goes on, else today, if the day is past, because of those who began with it only the ones that
-- stayed are entered now.
create function private.apply_amount(client public.clients, movement text, details jsonb, day date, cause text)
returns void
language plpgsql set search_path = ''
as $$
declare
  code text := coalesce(details ->> 'contract', '');
  today date := private.local_day(client.organization_id);
  observed_from date := greatest(day, coalesce((details ->> 'observed_from')::date, (
    select s.observed_from from public.client_spells s
    where s.organization_id = client.organization_id and s.client_id = client.id and (s.ends_on is null or s.ends_on > day)
    order by s.starts_on limit 1), today));
  state record;
  currency text;
begin
  select * into state from private.client_state_on(client.id, day);
  currency := coalesce(details ->> 'currency', state.currency, client.currency);
  if movement = 'mrr' and state.status = 'churned' then
    perform private.problem(409, 'client_churned', 'The client has left by that day. Use reactivate.');
  elsif movement = 'reactivation' and state.status is distinct from 'churned' then
    perform private.problem(409, 'client_not_churned', 'The client has not left by that day. Use mrr.');
  end if;
  perform private.require_valid(currency ~ '^[A-Z]{3}$', 'currency', 'is not a currency code');
  perform private.require_valid(observed_from <= today, 'observed_from', 'is in the future');
  perform private.require_valid(state.currency is null or currency = state.currency or not exists (
    select from private.contracts_on(client.id, day) c where c.contract <> code), 'currency',
    'differs from the currency of the client''s other contracts');
  perform private.post_entries(client.organization_id, array[row(client.id, day, 'amount', code,
    private.monthly_amount(details), currency, case when state.status is null then client.segment end, null, null,
    observed_from)::private.client_entry], '{}', cause);
end
$$;

-- Ends the contract that is named, or all. A trial that ends so is lost without ever having been a client.
create function private.apply_end(client public.clients, details jsonb, day date, cause text)
returns void
language plpgsql set search_path = ''
as $$
declare
  code text := details ->> 'contract';
  reason text := coalesce(details ->> 'reason', 'unknown');
  voluntary boolean := coalesce((details ->> 'voluntary')::boolean, reason not in ('payment', 'closed'));
  status text := (select s.status from private.client_state_on(client.id, day) s);
  entries private.client_entry[];
begin
  perform private.require_valid(reason = any (private.churn_reasons()), 'reason', 'is not one of the reasons');
  if status = 'trial' then
    perform private.post_entries(client.organization_id, array[row(client.id, day, 'trial_end', '', null, null, null,
      reason, voluntary, null)::private.client_entry], '{}', cause);
    return;
  elsif status is null or status not in ('active', 'paused', 'leaving') then
    perform private.problem(409, 'client_not_active', 'The client has no paid service on that day.');
  end if;
  entries := array(
    select row(client.id, day, 'end', c.contract, null, null, null, reason, voluntary, null)::private.client_entry
    from private.contracts_on(client.id, day) c where code is null or c.contract = code);
  perform private.require_valid(cardinality(entries) > 0, 'contract', 'is no contract in force on that day');
  delete from private.client_plans p
  where p.organization_id = client.organization_id and p.client_id = client.id and p.movement = 'churn'
    and (code is null or p.details ->> 'contract' = code);
  perform private.post_entries(client.organization_id, entries, '{}', cause);
end
$$;

-- Pause, resume, and notice withdrawn: an entry that needs a certain status on its day.
create function private.apply_status(client public.clients, entry text, day date, allowed text[], cause text)
returns void
language plpgsql set search_path = ''
as $$
declare
  status text := (select s.status from private.client_state_on(client.id, day) s);
begin
  if status is null or status <> all (allowed) then
    perform private.problem(409, 'wrong_status',
      format('On that day the client is %s; this is for clients that are %s.', coalesce(status, 'not there yet'),
        array_to_string(allowed, ' or ')), jsonb_build_object('client_status', status));
  end if;
  perform private.post_entries(client.organization_id,
    array[row(client.id, day, entry, '', null, null, null, null, null, null)::private.client_entry], '{}', cause);
end
$$;

-- Enters a movement whose day has come, for a client whose row is locked.
create function private.apply_movement(client public.clients, movement text, details jsonb, day date, cause text)
returns void
language plpgsql set search_path = ''
as $$
begin
  case movement
    when 'mrr', 'reactivation' then perform private.apply_amount(client, movement, details, day, cause);
    when 'churn' then perform private.apply_end(client, details, day, cause);
    when 'pause' then perform private.apply_status(client, 'pause', day, array['active', 'leaving'], cause);
    when 'resume' then perform private.apply_status(client, 'resume', day, array['paused'], cause);
  end case;
end
$$;
