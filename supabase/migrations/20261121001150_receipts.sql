-- What providers tell us: delivery receipts and inbound texts, and the credentials that prove who speaks. All of it is
-- for the service role (the webhooks function), but for setting an account's own credentials.

-- A report about a locked message. Status only moves forward, whatever the order in which reports come; a provider that
-- reports at all has the message, so any report ends a doubt. A repeated report changes nothing.
create function private.apply_receipt(message public.messages, provider_id text, reported text, code text, detail text, source text)
returns boolean
language plpgsql set search_path = ''
as $$
declare
  new_status text := case when reported in ('queued', 'sending') then 'sent' else reported end;
begin
  if exists (
    select from public.message_events e
    where e.message_id = message.id and e.status = reported and e.source = apply_receipt.source
      and e.code is not distinct from apply_receipt.code and e.provider_message_id is not distinct from provider_id
  ) then
    return false;
  end if;
  insert into public.message_events (organization_id, message_id, status, source, code, detail, provider_message_id)
  values (message.organization_id, message.id, reported, source, code, detail, provider_id);
  -- A canceled or suppressed message that the provider has after all tells the truth of what happened to it.
  if private.status_rank(new_status) > private.status_rank(message.status)
    or (message.status in ('failed', 'canceled', 'suppressed') and message.provider_message_id is null) then
    update public.messages m set
      status = new_status,
      provider_message_id = coalesce(m.provider_message_id, provider_id),
      error_code = case when new_status in ('failed', 'undelivered') then apply_receipt.code end,
      error_message = case when new_status in ('failed', 'undelivered') then detail end,
      sent_at = coalesce(m.sent_at, now()),
      delivered_at = case when new_status = 'delivered' then now() end,
      held_at = null, settling_until = null, updated_at = now()
    where m.id = message.id;
  elsif message.provider_message_id is null then
    update public.messages m set provider_message_id = provider_id, updated_at = now() where m.id = message.id;
  end if;
  return true;
end
$$;

-- A delivery callback, already verified. Found by our own id (from the token in the callback's URL) or the provider's.
-- opt_out: the code means that the number opted out at the provider. Answers { known, changed }.
-- Definer: as dispatch_step.
create function private.record_receipt(message_id uuid, provider text, provider_message_id text, status text, code text,
  detail text, opt_out boolean)
returns jsonb
language plpgsql security definer set search_path = '' set enable_seqscan = off
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
  changed := private.apply_receipt(message, provider_message_id, status, code, detail, 'callback');
  if opt_out then
    perform private.suppress(message.organization_id, message.to_number, 'provider',
      'The provider says that the number opted out (' || code || ').');
  end if;
  return jsonb_build_object('known', true, 'changed', changed);
end
$$;

create function public.record_receipt(provider text, provider_message_id text, status text, message_id uuid default null,
  code text default null, detail text default null, opt_out boolean default false)
returns jsonb
language sql set search_path = ''
as $$
  select private.record_receipt(message_id, provider, provider_message_id, status, code, detail, opt_out)
$$;
comment on function public.record_receipt is 'Records one delivery report; the same report twice changes nothing.';

-- Single words that people text to opt out and in again. A table, because carriers and law change them.
create table private.reply_keywords (
  word text primary key constraint reply_keywords_upper check (word = upper(word)),
  meaning text not null constraint reply_keywords_meaning check (meaning in ('stop', 'start', 'help')),
  source text not null
);
insert into private.reply_keywords (word, meaning, source)
select w, 'stop', 'Twilio default keywords; 47 CFR 64.1200(a)(10)'
from unnest(array['STOP', 'UNSUBSCRIBE', 'END', 'QUIT', 'STOPALL', 'REVOKE', 'OPTOUT', 'OPT OUT', 'CANCEL']) w
union all
select w, 'start', 'Twilio default keywords' from unnest(array['START', 'YES', 'UNSTOP']) w
union all
select w, 'help', 'Twilio default keywords' from unnest(array['HELP', 'INFO']) w;

-- An inbound text, already verified: kept once under the provider's id; STOP and START take effect in the same
-- transaction. Answers { known, duplicate, meaning }. Definer: as dispatch_step.
create function private.record_inbound(provider text, provider_message_id text, from_number text, to_number text, body text,
  media jsonb, opt_out_type text)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  account public.sms_accounts;
  reply_meaning text;
begin
  perform pg_advisory_xact_lock(hashtextextended('inbound|' || provider_message_id, 0));
  select * into account from public.sms_accounts a
  where a.provider = record_inbound.provider and a.sender_id = record_inbound.to_number;
  if account is null then
    return '{"known": false, "duplicate": false, "meaning": null}'::jsonb;
  end if;
  if exists (select from public.messages m where m.provider_message_id = record_inbound.provider_message_id) then
    return '{"known": true, "duplicate": true, "meaning": null}'::jsonb;
  end if;
  insert into public.messages (organization_id, direction, account_id, customer_id, to_number, from_number, body, encoding,
    segments, status, provider, provider_message_id, media)
  select account.organization_id, 'inbound', account.id, (
      select c.id from public.customers c
      where c.organization_id = account.organization_id and c.phone = record_inbound.from_number order by c.id desc limit 1
    ), record_inbound.to_number, record_inbound.from_number, record_inbound.body, s.encoding, s.segments, 'received',
    record_inbound.provider, record_inbound.provider_message_id, record_inbound.media
  from private.sms_segments(record_inbound.body) s;
  reply_meaning := coalesce(lower(opt_out_type), (
    select k.meaning from private.reply_keywords k
    where k.word = upper(regexp_replace(btrim(body, E' \t\r\n.!"'''), '\s+', ' ', 'g'))
  ));
  if reply_meaning = 'stop' then
    perform private.suppress(account.organization_id, from_number, 'reply', 'Replied: ' || left(body, 100));
  elsif reply_meaning = 'start' then
    update public.suppressions s set lifted_at = now(), lifted_reason = 'Replied: ' || left(body, 100)
    where s.organization_id = account.organization_id and s.phone = from_number and s.lifted_at is null
      and s.source in ('reply', 'provider');
  end if;
  return jsonb_build_object('known', true, 'duplicate', false, 'meaning', reply_meaning);
end
$$;

create function public.record_inbound(provider text, provider_message_id text, from_number text, to_number text, body text,
  media jsonb default '[]', opt_out_type text default null)
returns jsonb
language sql set search_path = ''
as $$
  select private.record_inbound(provider, provider_message_id, from_number, to_number, body, media, opt_out_type)
$$;
comment on function public.record_inbound is 'Keeps one inbound text and obeys STOP and START; a repeat changes nothing.';

-- The credentials that sign an account's webhooks, for accounts that have their own. Definer: reads Vault.
create function private.webhook_credentials(provider text, account_reference text)
returns jsonb
language sql stable security definer set search_path = ''
as $$
  select coalesce(jsonb_agg(s.decrypted_secret::jsonb), '[]')
  from public.sms_accounts a join vault.decrypted_secrets s on s.id = a.credentials_secret_id
  where a.provider = webhook_credentials.provider
    and s.decrypted_secret::jsonb ->> 'account_sid' = account_reference
$$;

create function public.webhook_credentials(provider text, account_reference text)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.webhook_credentials(provider, account_reference)
$$;
comment on function public.webhook_credentials is 'Credentials of tenants'' own provider accounts with this account id.';

-- An admin gives a sender credentials of its own: { account_sid, auth_token } or { api_key }. They go to Vault and are
-- never read back through the Data API. Definer: Vault.
create function private.set_sms_credentials(account_id uuid, credentials jsonb)
returns void
language plpgsql security definer set search_path = ''
as $$
declare
  account public.sms_accounts;
  secret_name text := 'sms_account_' || account_id;
begin
  select * into account from public.sms_accounts a
  where a.id = account_id and a.organization_id = any (private.organizations_with('organization:update')) for update;
  if account is null then
    perform private.problem(404, 'not_found', 'There is no such sender.');
  end if;
  if not (case account.provider when 'twilio' then credentials ?& array['account_sid', 'auth_token'] else credentials ? 'api_key' end) then
    perform private.problem(422, 'invalid_field', 'These are not credentials for ' || account.provider || '.',
      '[{"path": "credentials", "message": "lacks a key that the provider needs"}]');
  end if;
  if account.credentials_secret_id is null then
    update public.sms_accounts a set credentials_secret_id = vault.create_secret(credentials::text, secret_name) where a.id = account_id;
  else
    perform vault.update_secret(account.credentials_secret_id, credentials::text);
  end if;
end
$$;

create function public.set_sms_credentials(account_id uuid, credentials jsonb)
returns void
language sql set search_path = ''
as $$
  select private.set_sms_credentials(account_id, credentials)
$$;
comment on function public.set_sms_credentials is 'Stores a sender''s own provider credentials in Vault.';

grant execute on function private.set_sms_credentials(uuid, jsonb) to authenticated;
grant execute on function public.set_sms_credentials(uuid, jsonb) to authenticated;
grant execute on function private.record_receipt(uuid, text, text, text, text, text, boolean),
  private.record_inbound(text, text, text, text, text, jsonb, text), private.webhook_credentials(text, text)
to service_role;
grant execute on function public.record_receipt(text, text, text, uuid, text, text, boolean),
  public.record_inbound(text, text, text, text, text, jsonb, text), public.webhook_credentials(text, text)
to service_role;
