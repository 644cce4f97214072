-- Credentials that tenants stored for this provider account, with the organization each belongs to. A tenant may store
-- any account id, another tenant's too; what credentials sign therefore counts for their own organization only. Only
-- the secrets of this account are decrypted. Security definer because of the Vault.
create function private.webhook_credentials(provider text, account_reference text)
returns jsonb
language sql stable security definer set search_path = ''
as $$
  with held as materialized (
    select a.organization_id, s.decrypted_secret::jsonb as secret
    from public.sms_accounts a join vault.decrypted_secrets s on s.id = a.credentials_secret_id
    where a.provider = webhook_credentials.provider
      and a.provider_account = private.provider_account(provider, jsonb_build_object('account_sid', account_reference))
  )
  select coalesce(jsonb_agg(h.secret || jsonb_build_object('organization_id', h.organization_id)), '[]')
  from held h where h.secret ->> 'account_sid' = account_reference
$$;
grant execute on function private.webhook_credentials(text, text) to service_role;

create function public.webhook_credentials(provider text, account_reference text)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.webhook_credentials(provider, account_reference)
$$;
comment on function public.webhook_credentials is
  'Credentials of tenants'' own provider accounts with this account id.';
grant execute on function public.webhook_credentials(text, text) to service_role;
