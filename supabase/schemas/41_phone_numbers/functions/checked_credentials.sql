-- The credentials with the keys of their provider and nothing else. What cannot be put into a request is refused: a
-- Twilio account id is AC and 32 hexadecimal digits, secrets are printable ASCII.
create function private.checked_credentials(provider text, credentials jsonb)
returns jsonb
language plpgsql immutable set search_path = ''
as $$
declare
  secret constant text := '^[!-~]{1,200}$';
begin
  if provider = 'twilio' then
    perform private.require_valid(jsonb_typeof(credentials -> 'account_sid') = 'string'
      and credentials ->> 'account_sid' ~ '^AC[0-9a-f]{32}$', 'credentials.account_sid',
      'must be AC and 32 hexadecimal digits');
    perform private.require_valid(jsonb_typeof(credentials -> 'auth_token') = 'string'
      and credentials ->> 'auth_token' ~ secret, 'credentials.auth_token', 'must be 1 to 200 printable characters');
    return jsonb_build_object('account_sid', credentials -> 'account_sid', 'auth_token', credentials -> 'auth_token');
  end if;
  perform private.require_valid(jsonb_typeof(credentials -> 'api_key') = 'string' and credentials ->> 'api_key' ~ secret,
    'credentials.api_key', 'must be 1 to 200 printable characters');
  return jsonb_build_object('api_key', credentials -> 'api_key');
end
$$;
