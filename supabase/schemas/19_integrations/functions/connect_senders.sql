-- The senders that get the credentials: those that are named, else those that have credentials of their own already.
create function private.senders_to_connect(organization_id uuid, provider text, senders jsonb)
returns text[]
language plpgsql set search_path = ''
as $$
declare
  names text[];
  accounts bigint;
begin
  if senders is not null then
    perform private.require_valid(jsonb_typeof(senders) = 'array' and jsonb_array_length(senders) between 1 and 20
      and not jsonb_path_exists(senders, '$[*] ? (@.type() != "string")'), 'config.senders',
      'must be 1 to 20 numbers or names');
    select array_agg(distinct s) into names from jsonb_array_elements_text(senders) s;
    perform private.require_valid((select bool_and(private.is_sender(provider, s)) from unnest(names) s),
      'config.senders', 'must be numbers in international form, short codes, or names of at most 11 characters');
    return names;
  end if;
  select array_agg(a.sender_id), count(distinct a.provider_account) into names, accounts
  from public.sms_accounts a
  where a.organization_id = senders_to_connect.organization_id and a.provider = senders_to_connect.provider
    and a.credentials_secret_id is not null;
  perform private.require_valid(accounts > 0, 'config.senders',
    'must name the senders that use this account: none has credentials of its own yet');
  perform private.require_valid(accounts = 1, 'config.senders',
    'must name the senders that use this account: they have different ones');
  return names;
end
$$;

-- Gives senders the credentials of the organization's own account; a sender that is new is added. An open circuit was
-- about the account before.
create function private.connect_senders(organization_id uuid, provider text, credentials jsonb, config jsonb)
returns void
language plpgsql set search_path = ''
as $$
declare
  name text;
  account_id uuid;
begin
  perform private.require_valid(jsonb_typeof(credentials) = 'object', 'credentials', 'must be an object');
  perform private.require_valid(jsonb_typeof(config) = 'object', 'config', 'must be an object');
  perform private.lock_numbers(organization_id);
  foreach name in array private.senders_to_connect(organization_id, provider, config -> 'senders') loop
    select a.id into account_id from public.sms_accounts a
    where a.organization_id = connect_senders.organization_id and a.provider = connect_senders.provider
      and a.sender_id = name for update;
    if account_id is null then
      insert into public.sms_accounts (organization_id, provider, sender_id, number_type, per_second)
      select connect_senders.organization_id, connect_senders.provider, name, t.types[1],
        private.default_send_rate(t.types[1])
      from (select private.sender_types(connect_senders.provider, name) as types) t
      returning id into account_id;
    end if;
    perform private.set_sms_credentials(account_id, credentials);
    update public.sms_accounts a set status = 'active', outages = 0, circuit_open_until = null,
      circuit_open_reason = null
    where a.id = account_id and a.status = 'circuit_open';
    perform private.offer_default_sender(account_id, false);
  end loop;
  perform private.audit_event(organization_id, 'connected', 'integrations', null,
    jsonb_build_object('type', provider));
  perform private.invoke('jobs/dispatch-messages');
end
$$;

-- Takes the credentials away from all senders that have some. They stay, and as any sender without credentials they use
-- the platform's account, if it approves them. Returns whether there were any.
create function private.disconnect_senders(organization_id uuid, provider text)
returns boolean
language plpgsql set search_path = ''
as $$
declare
  account public.sms_accounts;
  done boolean := false;
begin
  perform private.lock_numbers(organization_id);
  for account in
    select * from public.sms_accounts a
    where a.organization_id = disconnect_senders.organization_id and a.provider = disconnect_senders.provider
      and a.credentials_secret_id is not null
    order by a.id for update
  loop
    done := true;
    begin
      perform private.delete_credentials(account);
    exception when unique_violation then
      -- Another organization has this number on the platform's account.
      update public.sms_accounts a set status = 'disabled', approved_at = null, approved_by = null,
        credentials_secret_id = null, provider_account = null
      where a.id = account.id;
      delete from vault.secrets s where s.id = account.credentials_secret_id;
    end;
  end loop;
  return done;
end
$$;
