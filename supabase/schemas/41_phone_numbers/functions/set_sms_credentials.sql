-- Stores a sender's credentials in the Vault and keeps the fingerprint of their account. Security definer because of
-- the Vault. They outlast a token and decide who is paid and who can read texts, so only the person sets them.
create function private.set_sms_credentials(account_id uuid, credentials jsonb)
returns void
language plpgsql security definer set search_path = ''
as $$
declare
  account public.sms_accounts;
  checked jsonb;
begin
  select * into account from public.sms_accounts a
  where a.id = account_id and a.organization_id = any (private.organizations_with('organization:update')) for update;
  if account is null then
    perform private.problem(404, 'not_found', 'There is no such sender.');
  end if;
  perform private.require_own_session();
  checked := private.checked_credentials(account.provider, credentials);
  if account.credentials_secret_id is not null then
    perform vault.update_secret(account.credentials_secret_id, checked::text);
  end if;
  update public.sms_accounts a set
    credentials_secret_id = coalesce(a.credentials_secret_id, vault.create_secret(checked::text, 'sms_account_'
      || account_id)),
    provider_account = private.provider_account(account.provider, checked)
  where a.id = account_id;
  perform private.audit_event(account.organization_id, 'credentials_replaced', 'sms_accounts', account.id);
end
$$;
grant execute on function private.set_sms_credentials(uuid, jsonb) to authenticated;

create function public.set_sms_credentials(account_id uuid, credentials jsonb)
returns void
language sql set search_path = ''
as $$
  select private.set_sms_credentials(account_id, credentials)
$$;
comment on function public.set_sms_credentials is 'Stores a sender''s own provider credentials in Vault.';
grant execute on function public.set_sms_credentials(uuid, jsonb) to authenticated;
