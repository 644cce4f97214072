-- facts: see store_provider_fields. signed_by: the organizations whose credentials signed the callback; null: the
-- platform's. A callback without the message's own token must be signed by the organization that owns the message.
-- Security definer because the service role may not write messages.
create function private.record_receipt(message_id uuid, provider text, provider_message_id text, status text, code text,
  detail text, opt_out boolean, facts jsonb, signed_by uuid[])
returns jsonb
language plpgsql security definer set search_path = '' set enable_seqscan = off set jit = off
  -- Planning over the partitions for each call would take a third of a callback's time.
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
    where m.provider_message_id = record_receipt.provider_message_id
      and m.provider = record_receipt.provider for update;
  end if;
  if message is null then
    return '{"known": false, "changed": false}'::jsonb;
  end if;
  if record_receipt.message_id is null
    and not message.organization_id = any (coalesce(signed_by, array[message.organization_id]))
  then
    return '{"known": false, "changed": false}'::jsonb;
  end if;
  changed := private.apply_receipt(message, provider_message_id, status, code, detail, 'callback');
  if facts <> '{}' then
    perform private.store_provider_fields(message.id, facts);
  end if;
  -- A repeated report must not suppress again: the number may have opted in since.
  if opt_out and changed then
    perform private.suppress_refused(message, code);
  end if;
  return jsonb_build_object('known', true, 'changed', changed);
end
$$;
grant execute on function private.record_receipt(uuid, text, text, text, text, text, boolean, jsonb,
  uuid[]) to service_role;

create function public.record_receipt(provider text, provider_message_id text, status text,
  message_id uuid default null, code text default null, detail text default null, opt_out boolean default false,
  facts jsonb default '{}', signed_by uuid[] default null)
returns jsonb
language sql set search_path = ''
as $$
  select private.record_receipt(message_id, provider, provider_message_id, status, code, detail, opt_out, facts,
    signed_by)
$$;
comment on function public.record_receipt is
  'Records one delivery report; a repeat changes nothing. facts: { price?, currency?, segments?, reported? }.';
grant execute on function public.record_receipt(text, text, text, uuid, text, text, boolean, jsonb,
  uuid[]) to service_role;
