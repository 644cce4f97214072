create function private.require_number(organization_id uuid, number_id uuid)
returns public.sms_accounts
language plpgsql set search_path = ''
as $$
declare
  account public.sms_accounts;
begin
  select * into account from public.sms_accounts a
  where a.organization_id = require_number.organization_id and a.id = number_id for update;
  if account.id is null then
    perform private.problem(404, 'not_found', 'There is no such phone number.');
  end if;
  return account;
end
$$;
