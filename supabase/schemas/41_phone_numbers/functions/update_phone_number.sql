-- change: { number_type, label, per_second, daily_cap, cap_zone, segment_price, is_default: true, status: active |
-- disabled, cooldown_until: null, credentials }, each only if it changes. Security definer because of the Vault, as
-- create_phone_number.
create function private.update_phone_number(organization_id uuid, number_id uuid, change jsonb)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  account public.sms_accounts;
  types text[];
begin
  perform private.lock_numbers(organization_id);
  account := private.require_number(organization_id, number_id);
  types := private.sender_types(account.provider, account.sender_id);
  if change ? 'number_type' and (change ->> 'number_type') <> all (types) then
    perform private.problem(422, 'invalid_field', 'The number does not match number_type.',
      jsonb_build_array(jsonb_build_object('path', 'number_type', 'message', 'can be '
        || array_to_string(types, ' or '))));
  end if;
  if change ->> 'status' = 'disabled' then
    perform private.ensure_default_sender(account);
  end if;
  if (change ->> 'is_default')::boolean then
    if coalesce(change ->> 'status', account.status) = 'disabled' then
      perform private.problem(409, 'number_disabled', 'A disabled number cannot be the default.');
    end if;
  end if;
  update public.sms_accounts a set
    number_type = coalesce(change ->> 'number_type', a.number_type),
    label = case when change ? 'label' then change ->> 'label' else a.label end,
    per_second = case when change ? 'per_second' then (change ->> 'per_second')::numeric else a.per_second end,
    daily_cap = case when change ? 'daily_cap' then (change ->> 'daily_cap')::integer else a.daily_cap end,
    cap_zone = coalesce(change ->> 'cap_zone', a.cap_zone),
    segment_price = case when change ? 'segment_price' then (change ->> 'segment_price')::numeric
      else a.segment_price end,
    status = coalesce(change ->> 'status', a.status),
    circuit_open_until = case when change ? 'status' then null else a.circuit_open_until end,
    circuit_open_reason = case when change ? 'status' then null else a.circuit_open_reason end,
    outages = case when change ? 'status' then 0 else a.outages end,
    cooldown_until = case when change ? 'cooldown_until' then null else a.cooldown_until end,
    cooldown_reason = case when change ? 'cooldown_until' then null else a.cooldown_reason end,
    failures_counted_from = case when change ? 'cooldown_until' then now() else a.failures_counted_from end
  where a.id = number_id;
  if jsonb_typeof(change -> 'credentials') = 'object' then
    perform private.set_sms_credentials(number_id, change -> 'credentials');
  elsif change ? 'credentials' then
    perform private.require_own_session();
    perform private.delete_credentials(account);
  end if;
  account := private.offer_default_sender(number_id, coalesce((change ->> 'is_default')::boolean, false));
  if account.status = 'active' then
    perform private.invoke('jobs/dispatch-messages');
  end if;
  return private.masked_number(account);
end
$$;
grant execute on function private.update_phone_number(uuid, uuid, jsonb) to authenticated;

create function public.update_phone_number(organization_id uuid, number_id uuid, change jsonb)
returns jsonb
language sql set search_path = ''
as $$
  select private.update_phone_number(organization_id, number_id, change)
$$;
comment on function public.update_phone_number is 'Changes a number, disables it, ends its cooldown.';
grant execute on function public.update_phone_number(uuid, uuid, jsonb) to authenticated;
