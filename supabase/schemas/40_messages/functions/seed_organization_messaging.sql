-- A new organization starts with built-in templates and, outside North America (where a number must be registered
-- first), an alphanumeric sender. Security definer because the creator of the organization is not a member yet.
create function private.seed_organization_messaging()
returns trigger
language plpgsql security definer set search_path = ''
as $$
declare
  sender text;
begin
  insert into public.templates (organization_id, kind, name, body) values
    (new.id, 'warning', 'Warning',
      'Dear {{name}}, account {{account_number}} owes {{arrears}}. '
      'Please pay soon to avoid disconnection. {{organization}}'),
    (new.id, 'disconnection', 'Disconnection',
      'Dear {{name}}, account {{account_number}} has been disconnected because {{arrears}} is unpaid. '
      'Please pay to be reconnected. {{organization}}'),
    (new.id, 'connection', 'Connection',
      'Dear {{name}}, account {{account_number}} is connected. Balance: {{arrears}}. Thank you. {{organization}}');
  if new.country not in ('US', 'CA') then
    sender := coalesce(nullif(left(regexp_replace(new.name, '[^A-Za-z0-9]', '', 'g'), 11), ''), 'Notice');
    insert into public.sms_accounts (organization_id, provider, sender_id, is_default)
    values (new.id, 'arkesel', case
      when exists (select from private.deployment d where d.new_senders = 'active')
        or private.protected_name_reason(sender) is null then sender
      else 'Notice' end, true);
  end if;
  return new;
end
$$;
