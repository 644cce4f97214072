-- Whether a sender waits for an operator: it would go out on the platform's account, and nobody has approved it. In the
-- sandbox, where only members are texted, a name does not wait; a number does, because inbound messages follow it.
create function private.needs_approval(account public.sms_accounts)
returns boolean
language sql stable set search_path = ''
as $$
  select account.credentials_secret_id is null and account.approved_at is null
    and (account.provider = 'twilio' or exists (
      select from public.organizations o where o.id = account.organization_id and o.standing <> 'sandbox'))
$$;

-- Keeps the rules of senders at every door: at most a hundred for an organization, no protected name, and pending as long
-- as approval is needed. Security definer because tenants may not read the deployment's settings and protected names.
create function private.check_sender()
returns trigger
language plpgsql security definer set search_path = ''
as $$
declare
  reason text;
begin
  if tg_op = 'INSERT' then
    perform pg_advisory_xact_lock(hashtextextended('senders|' || new.organization_id, 0));
    if (select count(*) from public.sms_accounts a where a.organization_id = new.organization_id) >= 100 then
      perform private.problem(422, 'too_many_senders', 'An organization has at most 100 senders.');
    end if;
  end if;
  if new.approved_at is null and new.status <> 'disabled'
    and exists (select from private.deployment d where d.new_senders = 'active')
  then
    new.approved_at := now();
  end if;
  if new.provider = 'arkesel' and new.approved_at is null and tg_op = 'INSERT' then
    -- The constraint on its form, which refuses longer ones, comes after triggers.
    reason := private.protected_name_reason(left(new.sender_id, 11));
    if reason is not null then
      perform private.problem(422, 'protected_name',
        'This name would pass for ' || reason || '. Only an operator of the platform assigns it.',
        '[{"path": "number", "message": "is a protected name"}]');
    end if;
  end if;
  if new.status <> 'disabled' and private.needs_approval(new) then
    new.status := 'pending';
  elsif new.status = 'pending' then
    new.status := 'active';
  end if;
  return new;
end
$$;

-- Names need approval once their organization has left the sandbox.
-- Security definer because a change of the standing comes from people who may not write senders.
create function private.check_senders_of_organization()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  update public.sms_accounts a set status = a.status where a.organization_id = new.id and a.status <> 'disabled';
  return null;
end
$$;
