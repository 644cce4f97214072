-- What follows from movements may be repeated in a replacement, but is changed by movements only.
create function private.check_derived_fields(current public.clients, client jsonb)
returns void
language plpgsql stable set search_path = ''
as $$
begin
  perform private.require_valid(coalesce(client ->> 'status', current.status) = current.status, 'status',
    'follows from the movements: POST /clients/{id}/mrr, /notice, /churn, /reactivate, /pause');
  perform private.require_valid(coalesce((client ->> 'mrr')::numeric, current.mrr) = current.mrr, 'mrr',
    'is changed by POST /clients/{id}/mrr');
  perform private.require_valid(coalesce(client ->> 'currency', current.currency) = current.currency, 'currency',
    'is changed by POST /clients/{id}/mrr');
end
$$;

-- Corrects the first day of paid service: its entries move to the new day.
create function private.move_first_day(current public.clients, first_day date)
returns void
language plpgsql set search_path = ''
as $$
declare
  rows public.client_movements[] := array(
    select m from private.effective_movements(array[current.id]) m where m.day = current.since and m.entry is not null);
begin
  perform private.require_valid(current.since is not null, 'since', 'is for clients with paid service');
  perform private.require_valid(first_day between '1950-01-01' and private.local_day(current.organization_id), 'since',
    'is in the future, or too long ago');
  perform private.require_valid(not exists (
    select from private.effective_movements(array[current.id]) m where m.day > current.since and m.day <= first_day),
    'since', 'is later than another movement of the client');
  perform private.post_entries(current.organization_id, array(
    select row(m.client_id, first_day, m.entry, m.contract, m.contract_mrr, m.entry_currency, m.entry_segment, m.reason,
      m.voluntary, greatest(m.observed_from, first_day))::private.client_entry
    from unnest(rows) m), array(select m.id from unnest(rows) m), 'entry');
end
$$;

-- PUT /clients/{id}: { client }, or { stale } with the current client when its version is not the expected one. What is
-- left out is cleared, but for the owner, the team, the contacts and the first day. Security definer because callers
-- may not write clients directly.
create function private.update_client(organization_id uuid, client_id uuid, client jsonb, expected_version integer)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  current public.clients := private.require_client(organization_id, client_id, 'clients:write', true);
  updated public.clients;
begin
  if current.version <> expected_version then
    return jsonb_build_object('stale', private.client_json(current));
  end if;
  perform private.check_derived_fields(current, client);
  updated := jsonb_populate_record(null::public.clients, private.client_input(client));
  updated.organization_id := organization_id;
  updated.segment := coalesce(updated.segment, current.segment);
  updated.custom_fields := coalesce(updated.custom_fields, '{}');
  updated.owner_id := case when client ? 'owner_id' then updated.owner_id else current.owner_id end;
  updated.team_id := case when client ? 'team_id' then updated.team_id else current.team_id end;
  perform private.check_client(updated);
  if (updated.owner_id, updated.team_id) is distinct from (current.owner_id, current.team_id) then
    perform private.check_client_owner(organization_id, nullif(updated.owner_id, current.owner_id),
      nullif(updated.team_id, current.team_id));
  end if;
  update public.clients c
  set name = updated.name, segment = updated.segment, client_type = updated.client_type, region = updated.region,
    category = updated.category, external_id = updated.external_id, account_number = updated.account_number,
    phone = updated.phone, email = updated.email, contract_ends_on = updated.contract_ends_on,
    stated_risk = updated.stated_risk, custom_fields = updated.custom_fields, owner_id = updated.owner_id,
    team_id = updated.team_id
  where c.organization_id = update_client.organization_id and c.id = update_client.client_id;
  if client ? 'contacts' then
    perform private.replace_contacts(current, client -> 'contacts');
  end if;
  if updated.segment <> current.segment and current.status <> 'prospect' then
    perform private.post_entries(organization_id, array[row(client_id, private.local_day(organization_id), 'segment',
      '', null, null, updated.segment, null, null, null)::private.client_entry], '{}', 'entry');
  end if;
  if (client ->> 'since')::date <> current.since or (client ->> 'since' is not null and current.since is null) then
    perform private.move_first_day(current, (client ->> 'since')::date);
  end if;
  if (updated.phone, updated.email, updated.account_number)
      is distinct from (current.phone, current.email, current.account_number) then
    perform private.link_clients(organization_id, array[client_id]);
  end if;
  return jsonb_build_object('client', private.client_of(organization_id, client_id));
exception when unique_violation then
  perform private.reject_external_id(organization_id, client ->> 'external_id');
  raise;
end
$$;
grant execute on function private.update_client(uuid, uuid, jsonb, integer) to authenticated;

create function public.update_client(
  organization_id uuid, client_id uuid, client jsonb, expected_version integer default null)
returns jsonb
language sql set search_path = ''
as $$
  select private.update_client(organization_id, client_id, client, expected_version)
$$;
comment on function public.update_client is
  'Replaces a client if it has the expected version: { client }, else { stale } with the current client.';
grant execute on function public.update_client(uuid, uuid, jsonb, integer) to authenticated;
