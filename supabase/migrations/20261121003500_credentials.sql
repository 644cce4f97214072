-- The vault also holds secrets that are no JSON, and the planner may read them before it has joined the accounts: then a
-- callback of a tenant's own Twilio account was answered 422. Now only accounts' secrets are ever read as JSON.
create or replace function private.webhook_credentials(provider text, account_reference text)
returns jsonb
language sql stable security definer set search_path = ''
as $$
  with held as materialized (
    select s.decrypted_secret from public.sms_accounts a join vault.decrypted_secrets s on s.id = a.credentials_secret_id
    where a.provider = webhook_credentials.provider
  )
  select coalesce(jsonb_agg(h.decrypted_secret::jsonb), '[]')
  from held h where h.decrypted_secret::jsonb ->> 'account_sid' = account_reference
$$;
