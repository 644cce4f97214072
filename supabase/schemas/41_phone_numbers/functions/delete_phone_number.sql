-- Takes a number out of the pool: { disabled }. A number that messages refer to is kept, disabled. Security definer
-- because of the Vault, as create_phone_number.
create function private.delete_phone_number(organization_id uuid, number_id uuid)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  account public.sms_accounts;
  used boolean;
begin
  perform private.lock_numbers(organization_id);
  account := private.require_number(organization_id, number_id);
  perform private.ensure_default_sender(account);
  -- Without a number of its own the campaign would silently continue from the default sender.
  if exists (
    select from public.campaign_numbers n
    join public.campaigns c on c.organization_id = n.organization_id and c.id = n.campaign_id
    where n.organization_id = account.organization_id and n.account_id = account.id and c.deleted_at is null
      and c.status not in ('completed', 'canceled'))
  then
    perform private.problem(409, 'number_in_use',
      'A campaign that has not ended sends from this number. It can be disabled.');
  end if;
  used := exists (
    select from public.messages m where m.organization_id = account.organization_id and m.account_id = account.id);
  perform private.delete_credentials(account);
  if used then
    update public.sms_accounts a set status = 'disabled', is_default = false where a.id = account.id;
  else
    delete from public.sms_accounts a where a.id = account.id;
  end if;
  return jsonb_build_object('disabled', used);
end
$$;
grant execute on function private.delete_phone_number(uuid, uuid) to authenticated;

create function public.delete_phone_number(organization_id uuid, number_id uuid)
returns jsonb
language sql set search_path = ''
as $$
  select private.delete_phone_number(organization_id, number_id)
$$;
comment on function public.delete_phone_number is 'Takes a number out of the pool; one with messages stays, disabled.';
grant execute on function public.delete_phone_number(uuid, uuid) to authenticated;
