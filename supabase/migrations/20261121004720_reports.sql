-- What providers say beside the status: price, parts, and whatever they add without notice. Kept with the message.

-- facts: { price?, currency?, segments?, reported?: { field: text } }. Writes only what is new, so that a repeat and an
-- ordinary callback write nothing more.
create function private.keep_facts(message_id uuid, facts jsonb)
returns void
language plpgsql set search_path = ''
as $$
declare
  counted constant integer := nullif((facts ->> 'segments')::integer, 0);
  cost constant numeric := abs((facts ->> 'price')::numeric);
begin
  update public.messages m set
    segments = coalesce(counted, m.segments),
    price = coalesce(cost, m.price),
    price_currency = case when cost is null then m.price_currency else coalesce(facts ->> 'currency', m.price_currency) end,
    reported = nullif(coalesce(m.reported, '{}') || coalesce(facts -> 'reported', '{}'), '{}'),
    updated_at = now()
  where m.id = message_id and (
    m.segments <> counted or m.price is distinct from coalesce(round(cost, 5), m.price)
    or not coalesce(m.reported, '{}') @> coalesce(facts -> 'reported', '{}'));
end
$$;

drop function public.record_receipt(text, text, text, uuid, text, text, boolean);
drop function private.record_receipt(uuid, text, text, text, text, text, boolean);

-- As shipped, and whose the credentials are. A tenant chooses what it stores, another's account id too, so that what is
-- signed with its credentials vouches for its own numbers and messages and for nothing else. Only the secrets of this
-- account are decrypted, not every tenant's.
create or replace function private.webhook_credentials(provider text, account_reference text)
returns jsonb
language sql stable security definer set search_path = ''
as $$
  with held as materialized (
    select a.organization_id, s.decrypted_secret::jsonb as secret
    from public.sms_accounts a join vault.decrypted_secrets s on s.id = a.credentials_secret_id
    where a.provider = webhook_credentials.provider
      and a.provider_account = private.provider_account(provider, jsonb_build_object('account_sid', account_reference))
  )
  select coalesce(jsonb_agg(h.secret || jsonb_build_object('organization_id', h.organization_id)), '[]')
  from held h where h.secret ->> 'account_sid' = account_reference
$$;

-- As shipped, and facts: see keep_facts. signed_by: the organizations whose credentials signed it; null: the
-- platform's. A report that does not bring the message's own token must come from one of them. Definer: as dispatch_step.
create function private.record_receipt(message_id uuid, provider text, provider_message_id text, status text, code text,
  detail text, opt_out boolean, facts jsonb, signed_by uuid[])
returns jsonb
language plpgsql security definer set search_path = '' set enable_seqscan = off set jit = off
  -- Planning for the partitions anew would take a third of a callback's time.
  set plan_cache_mode = force_generic_plan
as $$
declare
  message public.messages;
  changed boolean;
begin
  if record_receipt.message_id is not null then
    select * into message from public.messages m
    where m.id = record_receipt.message_id and m.provider = record_receipt.provider for update;
  else
    select * into message from public.messages m
    where m.provider_message_id = record_receipt.provider_message_id and m.provider = record_receipt.provider for update;
  end if;
  if message is null then
    return '{"known": false, "changed": false}'::jsonb;
  end if;
  if record_receipt.message_id is null and not message.organization_id = any (coalesce(signed_by, array[message.organization_id])) then
    return '{"known": false, "changed": false}'::jsonb;
  end if;
  changed := private.apply_receipt(message, provider_message_id, status, code, detail, 'callback');
  if facts <> '{}' then
    perform private.keep_facts(message.id, facts);
  end if;
  -- A report that comes again says nothing new: the number may have opted in since.
  if opt_out and changed then
    perform private.suppress(message.organization_id, message.to_number, 'provider',
      'The provider says that the number opted out (' || code || ').');
  end if;
  return jsonb_build_object('known', true, 'changed', changed);
end
$$;

create function public.record_receipt(provider text, provider_message_id text, status text, message_id uuid default null,
  code text default null, detail text default null, opt_out boolean default false, facts jsonb default '{}',
  signed_by uuid[] default null)
returns jsonb
language sql set search_path = ''
as $$
  select private.record_receipt(message_id, provider, provider_message_id, status, code, detail, opt_out, facts, signed_by)
$$;
comment on function public.record_receipt is
  'Records one delivery report; the same report twice changes nothing. facts: { price?, currency?, segments?, reported? }.';

grant execute on function private.record_receipt(uuid, text, text, text, text, text, boolean, jsonb, uuid[])
to service_role;
grant execute on function public.record_receipt(text, text, text, uuid, text, text, boolean, jsonb, uuid[])
to service_role;
