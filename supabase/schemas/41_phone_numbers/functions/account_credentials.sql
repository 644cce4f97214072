-- The credentials of these senders by sender id, each with the fingerprint of its provider account.
create function private.account_credentials(account_ids uuid[])
returns jsonb
language sql stable set search_path = ''
as $$
  select coalesce(jsonb_object_agg(a.id, s.decrypted_secret::jsonb
    || jsonb_build_object('provider_account', a.provider_account)), '{}')
  from public.sms_accounts a join vault.decrypted_secrets s on s.id = a.credentials_secret_id
  where a.id = any (account_ids)
$$;
