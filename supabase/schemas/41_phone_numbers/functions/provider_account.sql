-- The fingerprint of a provider account: of the account id where the provider has one (Twilio), so that it survives a
-- new token; else of the API key.
create function private.provider_account(provider text, credentials jsonb)
returns text
language sql immutable set search_path = ''
as $$
  select left(encode(sha256(convert_to(provider || ':'
    || coalesce(credentials ->> 'account_sid', credentials ->> 'api_key'), 'utf8')), 'hex'), 16)
$$;
