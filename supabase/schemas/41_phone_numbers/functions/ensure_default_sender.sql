-- Refuses to take the default away while another sender could take its place.
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

-- Makes a sender the default if that is asked for, or if the organization has none that can send. One that awaits
-- approval replaces none that can.
create function private.offer_default_sender(account_id uuid, asked boolean)
returns public.sms_accounts
language plpgsql set search_path = ''
as $$
declare
  account public.sms_accounts;
  present public.sms_accounts;
begin
  select * into strict account from public.sms_accounts a where a.id = account_id;
  select * into present from public.sms_accounts a
  where a.organization_id = account.organization_id and a.is_default and a.id <> account_id;
  if account.is_default or account.status = 'disabled' then
    return account;
  elsif account.status = 'pending' and present.status in ('active', 'circuit_open') then
    if asked then
      perform private.problem(409, 'sender_pending', 'A sender that awaits approval cannot be the default yet.');
    end if;
    return account;
  elsif not asked and (present.status in ('active', 'circuit_open')
    or present.status = 'pending' and account.status = 'pending')
  then
    return account;
  end if;
  update public.sms_accounts a set is_default = false where a.id = present.id;
  update public.sms_accounts a set is_default = true where a.id = account_id returning * into account;
  return account;
end
$$;
