create function private.require_sender(account_id uuid)
returns public.sms_accounts
language plpgsql set search_path = ''
as $$
declare
  account public.sms_accounts;
begin
  select * into account from public.sms_accounts a where a.id = account_id for update;
  if account.id is null then
    perform private.problem(404, 'not_found', 'There is no such sender.');
  end if;
  return account;
end
$$;

-- Security definer because no API role may approve senders.
create function private.approve_sender(account_id uuid, operator text)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  account public.sms_accounts;
begin
  perform private.require_operator(operator);
  account := private.require_sender(account_id);
  if account.status = 'disabled' then
    perform private.problem(409, 'number_disabled', 'The sender is disabled. Its organization enables it first.');
  end if;
  begin
    update public.sms_accounts a set approved_at = now(), approved_by = btrim(operator)
    where a.id = account.id returning * into account;
  exception when unique_violation then
    perform private.problem(409, 'sender_taken', 'Another organization has this sender on the platform''s account.');
  end;
  account := private.offer_default_sender(account.id, false);
  perform private.notify_admins(account.organization_id, 'system', 'The sender ' || account.sender_id || ' was approved',
    'Messages can be sent from it.', jsonb_build_object('phone_number_id', account.id));
  perform private.invoke('jobs/dispatch-messages');
  return private.operated_sender_json(account);
end
$$;
grant execute on function private.approve_sender(uuid, text) to service_role;

create function public.approve_sender(account_id uuid, operator text)
returns jsonb
language sql set search_path = ''
as $$
  select private.approve_sender(account_id, operator)
$$;
comment on function public.approve_sender is
  'For operators of the platform: lets an organization send from a sender on the platform''s account.';
grant execute on function public.approve_sender(uuid, text) to service_role;

-- The sender is disabled; what is queued at it waits. If it was the default, the oldest that can send is. Security definer, as approve_sender.
create function private.refuse_sender(account_id uuid, operator text, reason text)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  account public.sms_accounts;
begin
  perform private.require_operator(operator);
  perform private.require_valid(char_length(btrim(reason)) between 1 and 500 and private.is_plain(reason), 'reason',
    'must say why');
  account := private.require_sender(account_id);
  update public.sms_accounts a set status = 'disabled', is_default = false, approved_at = null, approved_by = null,
    circuit_open_until = null, circuit_open_reason = btrim(reason)
  where a.id = account.id returning * into account;
  perform private.offer_default_sender(a.id, false) from public.sms_accounts a
  where a.organization_id = account.organization_id and a.status <> 'disabled'
  order by a.status in ('active', 'circuit_open') desc, a.id limit 1;
  perform private.notify_admins(account.organization_id, 'system', 'The sender ' || account.sender_id || ' was refused',
    btrim(reason), jsonb_build_object('phone_number_id', account.id));
  return private.operated_sender_json(account);
end
$$;
grant execute on function private.refuse_sender(uuid, text, text) to service_role;

create function public.refuse_sender(account_id uuid, operator text, reason text)
returns jsonb
language sql set search_path = ''
as $$
  select private.refuse_sender(account_id, operator, reason)
$$;
comment on function public.refuse_sender is
  'For operators of the platform: disables a sender, with a reason that its organization reads.';
grant execute on function public.refuse_sender(uuid, text, text) to service_role;

-- Gives an organization a sender that it does not have yet; the only way to a protected name. Security definer, as
-- approve_sender.
create function private.assign_sender(organization_id uuid, provider text, sender text, operator text)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  account public.sms_accounts;
begin
  perform private.require_operator(operator);
  if not exists (select from public.organizations o where o.id = assign_sender.organization_id) then
    perform private.problem(404, 'not_found', 'There is no such organization.');
  end if;
  begin
    insert into public.sms_accounts (organization_id, provider, sender_id, approved_at, approved_by, per_second)
    values (organization_id, provider, sender, now(), btrim(operator),
      private.default_send_rate((private.sender_types(provider, sender))[1]))
    returning * into account;
  exception when unique_violation then
    perform private.problem(409, 'sender_taken', 'This organization or another one has this sender.');
  end;
  account := private.offer_default_sender(account.id, false);
  return private.operated_sender_json(account);
end
$$;
grant execute on function private.assign_sender(uuid, text, text, text) to service_role;

create function public.assign_sender(organization_id uuid, provider text, sender text, operator text)
returns jsonb
language sql set search_path = ''
as $$
  select private.assign_sender(organization_id, provider, sender, operator)
$$;
comment on function public.assign_sender is
  'For operators of the platform: gives an organization a number of the platform''s account, or a protected name.';
grant execute on function public.assign_sender(uuid, text, text, text) to service_role;
