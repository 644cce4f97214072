-- Puts the code into the text that goes out; the stored message keeps its placeholder.
create function private.with_phone_code(message_id uuid, body text)
returns text
language sql stable set search_path = ''
as $$
  select replace(body, '######', coalesce((
    select c.code from private.phone_confirmations c where c.message_id = with_phone_code.message_id), '######'))
$$;

-- What a provider gets, and has to be asked about, where the stored message does not say all.
create function private.body_as_sent(purpose text, message_id uuid, body text)
returns text
language sql stable set search_path = ''
as $$
  select case when purpose = 'phone_confirmation' then private.with_phone_code(message_id, body) else body end
$$;

-- A text with an earlier code that is still queued would go out without one.
create function private.cancel_phone_code(user_id uuid)
returns void
language sql set search_path = ''
as $$
  with canceled as (
    update public.messages m set status = 'canceled', error_code = 'superseded', error_message = 'A newer code was asked for.',
      wait_reason = null, updated_at = now()
    where m.status = 'queued' and m.id = (
      select c.message_id from private.phone_confirmations c where c.user_id = cancel_phone_code.user_id)
    returning m.organization_id, m.id
  )
  insert into public.message_events (organization_id, message_id, status, source)
  select c.organization_id, c.id, 'canceled', 'person' from canceled c
$$;

-- Queues the text with a code. Only a sender on the platform's own account counts: the owner of the provider's account
-- can read what is sent through it.
create function private.queue_phone_code(organization_id uuid, phone text, expires_at timestamptz)
returns uuid
language plpgsql set search_path = ''
as $$
declare
  sender public.sms_accounts;
  message uuid;
  body text := (
    select case o.locale when 'fr' then 'Votre code Signalbox : ######. Valable 10 minutes.'
      else 'Your Signalbox code: ######. Valid for 10 minutes.' end
    from public.organizations o where o.id = queue_phone_code.organization_id);
begin
  select * into sender from public.sms_accounts a
  where a.organization_id = queue_phone_code.organization_id and a.status = 'active' and a.credentials_secret_id is null
  order by a.is_default desc, a.created_at limit 1;
  if sender.id is null then
    perform private.problem(409, 'no_sender', 'The organization has no active sender of the platform''s own.');
  end if;
  insert into public.messages (organization_id, purpose, account_id, to_number, from_number, body, encoding, segments,
    status, provider, created_by, expires_at)
  select queue_phone_code.organization_id, 'phone_confirmation', sender.id, phone, sender.sender_id, body, s.encoding,
    s.segments, 'queued', sender.provider, auth.uid(), queue_phone_code.expires_at
  from private.sms_segments(body) s
  returning id into message;
  return message;
end
$$;

-- Texts the caller a code to confirm their phone number with. The limit per number keeps it from being used to annoy
-- others.
-- Security definer because nobody may write messages and codes directly.
create function private.request_phone_code(organization_id uuid, phone text)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  refusal jsonb;
  confirmation private.phone_confirmations;
  deadline timestamptz := now() + interval '10 minutes';
begin
  perform private.require_member(organization_id);
  perform private.require_own_session();
  perform private.require_phone(organization_id, phone, 'phone');
  if exists (
    select from public.suppressions s
    where s.organization_id = request_phone_code.organization_id and s.phone = request_phone_code.phone
      and s.lifted_at is null and s.scope = 'all'
  ) then
    perform private.problem(409, 'suppressed', 'This number has opted out of messages.');
  end if;
  refusal := private.rate_limit_refusal(array['phone_code', 'phone_code_organization', 'phone_code_number'],
    array[auth.uid()::text, organization_id::text, private.token_hash(phone)]);
  if refusal is not null then
    return refusal;
  end if;
  perform private.cancel_phone_code(auth.uid());
  insert into private.phone_confirmations as c (user_id, phone, code, message_id, expires_at)
  values (auth.uid(), request_phone_code.phone,
    lpad((('x' || encode(extensions.gen_random_bytes(4), 'hex'))::bit(32)::bigint % 1000000)::text, 6, '0'),
    private.queue_phone_code(organization_id, request_phone_code.phone, deadline), deadline)
  on conflict on constraint phone_confirmations_pkey do update set phone = excluded.phone, code = excluded.code,
    message_id = excluded.message_id, expires_at = excluded.expires_at, attempts = 0
  returning * into confirmation;
  return jsonb_build_object('phone', confirmation.phone, 'expires_at', confirmation.expires_at);
end
$$;
grant execute on function private.request_phone_code(uuid, text) to authenticated;

create function public.request_phone_code(organization_id uuid, phone text)
returns jsonb
language sql set search_path = ''
as $$
  select private.request_phone_code(organization_id, phone)
$$;
comment on function public.request_phone_code is
  'Texts the caller a code that is valid for 10 minutes, through the organization''s sender.';
grant execute on function public.request_phone_code(uuid, text) to authenticated;
