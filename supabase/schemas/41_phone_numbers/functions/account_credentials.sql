-- A secret as JSON; null where it is none, so that a spoiled one is a fault of its own sender only.
create function private.secret_as_json(secret text)
returns jsonb
language plpgsql immutable set search_path = ''
as $$
begin
  return secret::jsonb;
exception when invalid_text_representation then
  return null;
end
$$;

-- The credentials of these senders by sender id, each with the fingerprint of its provider account; without those that
-- cannot be read.
create function private.account_credentials(account_ids uuid[])
returns jsonb
language sql stable set search_path = ''
as $$
  select coalesce(jsonb_object_agg(a.id, c.credentials || jsonb_build_object('provider_account', a.provider_account)), '{}')
  from public.sms_accounts a
  join vault.decrypted_secrets s on s.id = a.credentials_secret_id
  cross join lateral (select private.secret_as_json(s.decrypted_secret) as credentials) c
  where a.id = any (account_ids) and jsonb_typeof(c.credentials) = 'object'
$$;
