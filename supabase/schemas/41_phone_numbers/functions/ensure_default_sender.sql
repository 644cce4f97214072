create function private.ensure_default_sender(account public.sms_accounts)
returns void
language plpgsql set search_path = ''
as $$
begin
  if account.is_default and exists (
    select from public.sms_accounts a
    where a.organization_id = account.organization_id and a.id <> account.id and a.status <> 'disabled')
  then
    perform private.problem(409, 'default_number', 'This is the default number. Make another one the default first.');
  end if;
end
$$;
