-- The day of a movement: the one that is given, else today.
create function private.movement_day(organization_id uuid, day text, path text)
returns date
language plpgsql stable set search_path = ''
as $$
declare
  today date := private.local_day(organization_id);
  wanted date := coalesce(day::date, today);
begin
  perform private.require_valid(wanted between '1950-01-01' and today + 3660, path,
    'is more than ten years ahead, or too long ago');
  return wanted;
end
$$;

-- A movement of a day to come waits for that day. A plan takes the place of an earlier one of its kind.
create function private.plan_movement(client public.clients, movement text, details jsonb, day date)
returns void
language plpgsql set search_path = ''
as $$
declare
  kept jsonb;
begin
  if movement in ('mrr', 'reactivation') then
    perform private.monthly_amount(details);
    perform private.require_valid(coalesce(details ->> 'currency', 'XXX') ~ '^[A-Z]{3}$', 'currency',
      'is not a currency code');
  elsif movement = 'churn' then
    perform private.require_valid(coalesce(details ->> 'reason', 'unknown') = any (private.churn_reasons()), 'reason',
      'is not one of the reasons');
  end if;
  -- Only what the movement reads, and nothing else that a request had.
  kept := jsonb_strip_nulls(jsonb_build_object('contract', details ->> 'contract') || case
    when movement in ('mrr', 'reactivation') then jsonb_build_object('amount', details ->> 'amount',
      'interval', details ->> 'interval', 'currency', details ->> 'currency',
      'observed_from', (details ->> 'observed_from')::date)
    when movement = 'churn' then jsonb_build_object('reason', details ->> 'reason',
      'voluntary', (details ->> 'voluntary')::boolean)
    else '{}' end);
  delete from private.client_plans p
  where p.organization_id = client.organization_id and p.client_id = client.id and p.movement = plan_movement.movement
    and coalesce(p.details ->> 'contract', '') = coalesce(plan_movement.details ->> 'contract', '');
  insert into private.client_plans (organization_id, client_id, movement, details, effective_on, recorded_by)
  values (client.organization_id, client.id, movement, kept, day, auth.uid());
  perform private.derive_from_movements(client.organization_id, array[client.id]);
end
$$;

create function private.apply_or_plan(client public.clients, movement text, details jsonb, day date)
returns void
language plpgsql set search_path = ''
as $$
begin
  if day > private.local_day(client.organization_id) then
    perform private.plan_movement(client, movement, details, day);
  else
    perform private.apply_movement(client, movement, details, day, 'entry');
  end if;
end
$$;

-- Notice: { notice_on?, cancels_on?, service_ends_on, reason?, voluntary? }. service_ends_on is the first day without
-- paid service. The organization's setting says on which of the three days the client is lost.
create function private.record_notice(client public.clients, details jsonb)
returns void
language plpgsql set search_path = ''
as $$
declare
  notice_on date := private.movement_day(client.organization_id, details ->> 'notice_on', 'notice_on');
  service_ends_on date := private.movement_day(client.organization_id, details ->> 'service_ends_on',
    'service_ends_on');
  cancels_on date := coalesce((details ->> 'cancels_on')::date, service_ends_on);
  churn_on date := (
    select case s.churn_recognition when 'notice' then notice_on when 'cancellation' then cancels_on
      else service_ends_on end
    from public.churn_settings s where s.organization_id = client.organization_id);
begin
  perform private.require_valid(details ? 'service_ends_on', 'service_ends_on', 'is required');
  perform private.require_valid(notice_on <= private.local_day(client.organization_id), 'notice_on',
    'is in the future');
  perform private.require_valid(cancels_on between notice_on and service_ends_on + 3660, 'cancels_on',
    'is before the notice');
  perform private.require_valid(service_ends_on >= notice_on, 'service_ends_on', 'is before the notice');
  if churn_on > notice_on then
    perform private.apply_status(client, 'notice', notice_on, array['active', 'paused', 'leaving'], 'entry');
  end if;
  perform private.apply_or_plan(client, 'churn', details - array['notice_on', 'cancels_on', 'service_ends_on'],
    churn_on);
end
$$;

-- movement: mrr | reactivation { amount, interval?, currency?, contract?, effective_on?, observed_from? }, churn {
-- effective_on?, reason?, voluntary?, contract? }, notice (see record_notice), notice_withdrawal, pause and resume {
-- effective_on? }. Returns the client. Security definer because callers may not write movements directly.
create function private.record_client_movement(
  organization_id uuid, client_id uuid, movement text, details jsonb)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  answer jsonb;
  client public.clients;
  day date;
begin
  perform private.require_scope(organization_id, 'clients:write');
  answer := private.idempotent_response(organization_id);
  if answer is not null then
    return answer;
  end if;
  perform private.require_valid(movement in ('mrr', 'reactivation', 'churn', 'notice', 'notice_withdrawal', 'pause',
    'resume'), 'movement', 'is not a movement');
  perform private.require_valid(char_length(coalesce(details ->> 'contract', '')) <= 100
    and private.is_plain(coalesce(details ->> 'contract', '')), 'contract',
      'is longer than 100 characters or not plain');
  client := private.require_client(organization_id, client_id, 'clients:write', true);
  day := private.movement_day(organization_id, details ->> 'effective_on', 'effective_on');
  if movement = 'notice' then
    perform private.record_notice(client, details);
  elsif movement = 'notice_withdrawal' then
    perform private.require_valid(day <= private.local_day(organization_id), 'effective_on', 'is in the future');
    delete from private.client_plans p
    where p.organization_id = client.organization_id and p.client_id = client.id and p.movement = 'churn';
    perform private.apply_status(client, 'notice_withdrawn', day, array['leaving', 'paused'], 'entry');
  else
    perform private.apply_or_plan(client, movement, details, day);
  end if;
  return private.store_idempotent_response(organization_id, private.client_of(organization_id, client_id));
end
$$;
grant execute on function private.record_client_movement(uuid, uuid, text, jsonb) to authenticated;

create function public.record_client_movement(
  organization_id uuid, client_id uuid, movement text, details jsonb default '{}')
returns jsonb
language sql set search_path = ''
as $$
  select private.record_client_movement(organization_id, client_id, movement, coalesce(details, '{}'))
$$;
comment on function public.record_client_movement is
  'Records what a client pays from a day on, notice, churn, return or a pause, and returns the client.';
grant execute on function public.record_client_movement(uuid, uuid, text, jsonb) to authenticated;
