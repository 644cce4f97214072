-- What is stored of a connection: { secret, config }, with the keys of its type and nothing else.
create function private.checked_integration(type text, credentials jsonb, config jsonb)
returns jsonb
language plpgsql immutable set search_path = ''
as $$
begin
  perform private.require_valid(jsonb_typeof(credentials) = 'object', 'credentials', 'must be an object');
  perform private.require_valid(jsonb_typeof(config) = 'object', 'config', 'must be an object');
  if type = 'google_sheets' then
    return private.checked_service_account(credentials);
  end if;
  perform private.require_valid(private.is_mail_address(config -> 'from_email'), 'config.from_email',
    'must be an e-mail address');
  if type = 'resend' then
    perform private.require_valid(jsonb_typeof(credentials -> 'api_key') = 'string'
      and credentials ->> 'api_key' ~ '^[!-~]{1,200}$', 'credentials.api_key', 'must be 1 to 200 printable characters');
    return jsonb_build_object('secret', jsonb_build_object('api_key', credentials -> 'api_key'),
      'config', jsonb_build_object('from_email', config -> 'from_email'));
  end if;
  return private.checked_mail_server(credentials, config);
end
$$;

create function private.is_mail_address(value jsonb)
returns boolean
language sql immutable set search_path = ''
as $$
  select coalesce(jsonb_typeof(value) = 'string' and char_length(value #>> '{}') <= 254
    and value #>> '{}' ~ '^[!-~]+$' and value #>> '{}' ~ '^[^@<>"]+@[^@<>".]+\.[^@<>"]+$', false)
$$;

-- token_uri and whatever else the key says is not kept: the deployment says where Google is.
create function private.checked_service_account(credentials jsonb)
returns jsonb
language plpgsql immutable set search_path = ''
as $$
begin
  perform private.require_valid(private.is_mail_address(credentials -> 'client_email'), 'credentials.client_email',
    'must be the e-mail address of a service account');
  perform private.require_valid(jsonb_typeof(credentials -> 'private_key') = 'string'
    and char_length(credentials ->> 'private_key') <= 10000
    and credentials ->> 'private_key' ~ '^-----BEGIN PRIVATE KEY-----[A-Za-z0-9+/=\s]+-----END PRIVATE KEY-----\s*$',
    'credentials.private_key', 'must be a private key as Google''s JSON file has it');
  return jsonb_build_object(
    'secret', jsonb_build_object('client_email', credentials -> 'client_email', 'private_key',
      credentials -> 'private_key'),
    'config', jsonb_build_object('client_email', credentials -> 'client_email'));
end
$$;

-- Which hosts and ports are allowed is up to the functions, which alone know what the deployment allows.
create function private.checked_mail_server(credentials jsonb, config jsonb)
returns jsonb
language plpgsql immutable set search_path = ''
as $$
begin
  perform private.require_valid(jsonb_typeof(credentials -> 'username') = 'string'
    and char_length(credentials ->> 'username') between 1 and 254 and private.is_plain(credentials ->> 'username'),
    'credentials.username', 'must be 1 to 254 characters');
  perform private.require_valid(jsonb_typeof(credentials -> 'password') = 'string'
    and char_length(credentials ->> 'password') between 1 and 500 and private.is_plain(credentials ->> 'password'),
    'credentials.password', 'must be 1 to 500 characters');
  perform private.require_valid(jsonb_typeof(config -> 'host') = 'string'
    and config ->> 'host' ~ '^[A-Za-z0-9._:-]{1,253}$', 'config.host', 'must be the name of a host');
  perform private.require_valid(jsonb_typeof(config -> 'port') = 'number'
    and config ->> 'port' ~ '^[0-9]{1,5}$' and (config ->> 'port')::integer between 1 and 65535, 'config.port',
    'must be a port');
  return jsonb_build_object(
    'secret', jsonb_build_object('username', credentials -> 'username', 'password', credentials -> 'password'),
    'config', jsonb_build_object('host', config -> 'host', 'port', config -> 'port', 'from_email',
      config -> 'from_email'));
end
$$;
