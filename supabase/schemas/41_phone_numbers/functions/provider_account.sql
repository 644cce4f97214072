-- The same for an account however often its token changes, where the provider names accounts (Twilio); else of the key.
create function private.provider_account(provider text, credentials jsonb)
returns text
language sql immutable set search_path = ''
as $$
  select left(encode(sha256(convert_to(provider || ':' || coalesce(credentials ->> 'account_sid', credentials ->> 'api_key'), 'utf8')), 'hex'), 16)
$$;
