-- Fields of a lead that becomes a client, for what the request does not give. The lead must be visible to the caller.
create function private.client_from_lead(organization_id uuid, client jsonb)
returns jsonb
language plpgsql volatile set search_path = ''
as $$
declare
  lead public.leads := private.require_lead(organization_id, (client ->> 'lead_id')::uuid, 'leads:read');
begin
  return jsonb_strip_nulls(jsonb_build_object('name', coalesce(nullif(lead.full_name, ''), lead.email, lead.phone),
    'phone', lead.phone, 'email', lead.email, 'region', lead.region,
    'amount', case when (client ->> 'amount_from_lead')::boolean then lead.value::text end,
    'currency', case when (client ->> 'amount_from_lead')::boolean then lead.currency end))
      || jsonb_strip_nulls(client);
end
$$;

-- The first entry of a new client: paid service since a day (today, if none is given), or a trial. A day to come is
-- planned.
create function private.begin_client(client public.clients, terms jsonb)
returns void
language plpgsql set search_path = ''
as $$
declare
  today date := private.local_day(client.organization_id);
  starts_on date := private.movement_day(client.organization_id, terms ->> 'since', 'since');
  trial_end date := (terms ->> 'trial_ends_on')::date;
  details jsonb := jsonb_strip_nulls(jsonb_build_object('amount', coalesce(terms ->> 'amount', '0'),
    'interval', terms ->> 'interval', 'currency', terms ->> 'currency', 'contract', terms ->> 'contract',
    'observed_from', terms ->> 'observed_from'));
begin
  if (terms ->> 'trial')::boolean then
    perform private.require_valid(starts_on <= today, 'since', 'is in the future');
    perform private.require_valid(trial_end is null or trial_end > starts_on, 'trial_ends_on',
      'is before the trial begins');
    update public.clients c set trial_ends_on = trial_end where c.id = client.id;
    perform private.post_entries(client.organization_id, array[row(client.id, starts_on, 'trial', '', null,
      client.currency, client.segment, null, null, null)::private.client_entry], '{}', 'entry');
    return;
  end if;
  perform private.apply_or_plan(client, 'mrr', details, starts_on);
end
$$;

-- POST /clients. client: the fields that people write (see client_input), contacts?, lead_id?, amount_from_lead?, and
-- the terms: since?, amount?, interval?, currency?, contract?, observed_from?, trial?, trial_ends_on?. Security definer
-- because callers may not write clients directly.
create function private.create_client(organization_id uuid, client jsonb)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  answer jsonb;
  scope text := private.require_scope(organization_id, 'clients:write');
  new_client public.clients;
begin
  answer := private.idempotent_response(organization_id);
  if answer is not null then
    return answer;
  end if;
  if client ->> 'lead_id' is not null then
    client := private.client_from_lead(organization_id, client);
  end if;
  new_client := jsonb_populate_record(null::public.clients, private.client_input(client));
  new_client.organization_id := organization_id;
  new_client.segment := coalesce(new_client.segment, private.first_segment(organization_id));
  new_client.custom_fields := coalesce(new_client.custom_fields, '{}');
  if scope <> 'organization' then
    new_client.owner_id := coalesce(new_client.owner_id, auth.uid());
  end if;
  perform private.check_client(new_client);
  perform private.check_client_owner(organization_id, new_client.owner_id, new_client.team_id);
  perform private.require_valid(coalesce(client ->> 'currency', 'XXX') ~ '^[A-Z]{3}$', 'currency',
    'is not a currency code');
  insert into public.clients (organization_id, name, segment, client_type, region, category, external_id,
    account_number, phone, email, contract_ends_on, stated_risk, custom_fields, owner_id, team_id, currency, created_by)
  values (organization_id, new_client.name, new_client.segment, new_client.client_type, new_client.region,
    new_client.category, new_client.external_id, new_client.account_number, new_client.phone, new_client.email,
    new_client.contract_ends_on, new_client.stated_risk, new_client.custom_fields, new_client.owner_id,
    new_client.team_id, client ->> 'currency', auth.uid())
  returning * into new_client;
  if client ? 'contacts' then
    perform private.replace_contacts(new_client, client -> 'contacts');
  end if;
  perform private.begin_client(new_client, client);
  if client ->> 'lead_id' is not null then
    insert into public.client_links (organization_id, client_id, lead_id, source, created_by)
    values (organization_id, new_client.id, (client ->> 'lead_id')::uuid, 'manual', auth.uid());
  end if;
  perform private.link_clients(organization_id, array[new_client.id]);
  return private.store_idempotent_response(organization_id, private.client_of(organization_id, new_client.id));
exception when unique_violation then
  perform private.reject_external_id(organization_id, client ->> 'external_id');
  raise;
end
$$;
grant execute on function private.create_client(uuid, jsonb) to authenticated;

-- 409 with the client that has this id of another system, if the caller may see it.
create function private.reject_external_id(organization_id uuid, external_id text)
returns void
language plpgsql stable set search_path = ''
as $$
declare
  existing public.clients;
begin
  select * into existing from public.clients c
  where c.organization_id = reject_external_id.organization_id
    and lower(c.external_id) = lower(reject_external_id.external_id) and c.deleted_at is null;
  if existing.id is not null then
    perform private.problem(409, 'duplicate_client', 'There is a client with this external_id already.',
      case when private.client_in_scope(existing, 'clients:read') then jsonb_build_object('existing_id', existing.id)
      end);
  end if;
end
$$;

create function public.create_client(organization_id uuid, client jsonb)
returns jsonb
language sql set search_path = ''
as $$
  select private.create_client(organization_id, client)
$$;
comment on function public.create_client is
  'Adds a client and its first movement. A repeat with the same Idempotency-Key gets the same answer.';
grant execute on function public.create_client(uuid, jsonb) to authenticated;
