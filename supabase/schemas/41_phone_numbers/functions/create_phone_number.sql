-- Messages a second that carriers accept from a number of this type (Twilio's published limits); null: no limit.
create function private.default_send_rate(number_type text)
returns numeric
language sql immutable set search_path = ''
as $$
  select case number_type when 'long_code' then 1 when 'toll_free' then 3 when 'short_code' then 30 end
$$;

-- number: { provider, number, number_type?, label?, per_second?, daily_cap?, cap_zone?, segment_price?, is_default?,
-- credentials? }. The first number that can send becomes the default. Security definer because credentials go into the Vault, and to
-- see that another organization has the number.
create function private.create_phone_number(organization_id uuid, number jsonb)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  answer jsonb;
  account public.sms_accounts;
  types text[] := private.sender_types(number ->> 'provider', number ->> 'number');
  kind text := coalesce(number ->> 'number_type', types[1]);
  known uuid;
begin
  perform private.lock_numbers(organization_id);
  answer := private.idempotent_response(organization_id);
  if answer is not null then
    return answer;
  end if;
  if kind <> all (types) then
    perform private.problem(422, 'invalid_field', 'The number does not match number_type.',
      jsonb_build_array(jsonb_build_object('path', 'number_type', 'message', 'can be '
        || array_to_string(types, ' or '))));
  end if;
  select a.id into known from public.sms_accounts a
  where a.organization_id = create_phone_number.organization_id and a.provider = number ->> 'provider'
    and a.sender_id = number ->> 'number';
  if known is not null then
    perform private.problem(409, 'already_exists', 'The organization already has this number.',
      jsonb_build_object('existing_id', known));
  end if;
  insert into public.sms_accounts (organization_id, provider, sender_id, number_type, label, per_second, daily_cap,
    cap_zone, segment_price)
  values (organization_id, number ->> 'provider', number ->> 'number', kind, number ->> 'label',
    case when number ? 'per_second' then (number ->> 'per_second')::numeric else private.default_send_rate(kind) end,
    (number ->> 'daily_cap')::integer, coalesce(number ->> 'cap_zone', 'America/Los_Angeles'),
    (number ->> 'segment_price')::numeric)
  returning * into account;
  if jsonb_typeof(number -> 'credentials') = 'object' then
    perform private.set_sms_credentials(account.id, number -> 'credentials');
  end if;
  account := private.offer_default_sender(account.id, coalesce((number ->> 'is_default')::boolean, false));
  return private.store_idempotent_response(organization_id, private.masked_number(account));
end
$$;
grant execute on function private.create_phone_number(uuid, jsonb) to authenticated;

create function public.create_phone_number(organization_id uuid, number jsonb)
returns jsonb
language sql set search_path = ''
as $$
  select private.create_phone_number(organization_id, number)
$$;
comment on function public.create_phone_number is 'Adds a number to the pool.';
grant execute on function public.create_phone_number(uuid, jsonb) to authenticated;
