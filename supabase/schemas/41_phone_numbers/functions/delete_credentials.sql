create function private.delete_credentials(account public.sms_accounts)
returns void
language plpgsql set search_path = ''
as $$
begin
  update public.sms_accounts a set credentials_secret_id = null, provider_account = null
  where a.id = account.id and a.credentials_secret_id is not null;
  delete from vault.secrets s where s.id = account.credentials_secret_id;
end
$$;
