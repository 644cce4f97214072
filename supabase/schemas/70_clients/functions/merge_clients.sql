-- Both clients, locked in the order of their ids; the one that remains (the older one) first.
create function private.require_client_merge(organization_id uuid, client_id uuid, duplicate_id uuid)
returns public.clients[]
language plpgsql set search_path = ''
as $$
declare
  clients public.clients[];
  known public.clients;
begin
  perform private.require_scope(organization_id, 'clients:delete');
  if client_id = duplicate_id then
    perform private.require_client(organization_id, client_id, 'clients:delete');
    perform private.problem(422, 'invalid_field', 'Some fields are invalid.',
      '[{"path": "duplicate_id", "message": "is the client itself"}]');
  end if;
  perform from public.clients c
  where c.organization_id = require_client_merge.organization_id and c.id in (client_id, duplicate_id)
  order by c.id for update;
  select r.* into known
  from public.clients c
  join public.clients r on r.organization_id = c.organization_id and r.id = c.merged_into and r.deleted_at is null
  where c.organization_id = require_client_merge.organization_id and c.id in (client_id, duplicate_id)
    and c.merged_into in (client_id, duplicate_id);
  if known.id is not null and private.client_in_scope(known, 'clients:read') then
    perform private.problem(409, 'already_merged', 'These two clients were merged already.',
      jsonb_build_object('merged_into', known.id));
  end if;
  clients := array[private.require_client(organization_id, client_id, 'clients:delete'),
    private.require_client(organization_id, duplicate_id, 'clients:delete')];
  if (clients[1].created_at, clients[1].id) > (clients[2].created_at, clients[2].id) then
    clients := array[clients[2], clients[1]];
  end if;
  return clients;
end
$$;

-- Fills what the remaining client lacks from the other one.
create function private.fill_client(remaining public.clients, other public.clients)
returns void
language sql set search_path = ''
as $$
  update public.clients c
  set client_type = coalesce(c.client_type, other.client_type), region = coalesce(c.region, other.region),
    category = coalesce(c.category, other.category), external_id = coalesce(c.external_id, other.external_id),
    account_number = coalesce(c.account_number, other.account_number), phone = coalesce(c.phone, other.phone),
    email = coalesce(c.email, other.email), contract_ends_on = coalesce(c.contract_ends_on, other.contract_ends_on),
    stated_risk = coalesce(c.stated_risk, other.stated_risk),
    custom_fields = other.custom_fields || jsonb_strip_nulls(c.custom_fields),
    owner_id = coalesce(c.owner_id, other.owner_id), team_id = coalesce(c.team_id, other.team_id),
    last_interaction_at = greatest(c.last_interaction_at, other.last_interaction_at)
  where c.organization_id = remaining.organization_id and c.id = remaining.id
$$;

create function private.move_client_children(remaining public.clients, other public.clients)
returns void
language plpgsql set search_path = ''
as $$
begin
  perform set_config('signalbox.merging', remaining.id::text, true);
  update public.client_interactions i set client_id = remaining.id
  where i.organization_id = other.organization_id and i.client_id = other.id;
  perform set_config('signalbox.merging', '', true);
  update public.client_issues i set client_id = remaining.id
  where i.organization_id = other.organization_id and i.client_id = other.id;
  update public.client_contacts k set client_id = remaining.id, is_primary = k.is_primary and not exists (
    select from public.client_contacts p
    where p.organization_id = remaining.organization_id and p.client_id = remaining.id and p.is_primary)
  where k.organization_id = other.organization_id and k.client_id = other.id;
  update public.client_links l set client_id = remaining.id
  where l.organization_id = other.organization_id and l.client_id = other.id and not exists (
    select from public.client_links r
    where r.organization_id = remaining.organization_id and r.client_id = remaining.id
      and (r.customer_id = l.customer_id or r.lead_id = l.lead_id));
  delete from public.client_links l where l.organization_id = other.organization_id and l.client_id = other.id;
  update public.client_factors f set client_id = remaining.id
  where f.organization_id = other.organization_id and f.client_id = other.id;
  -- Trials and what is open stay with the client for which they were made.
  update public.recommendations r set client_id = remaining.id
  where r.organization_id = other.organization_id and r.client_id = other.id
    and r.state not in ('proposed', 'accepted');
  update public.notes n set client_id = remaining.id
  where n.organization_id = other.organization_id and n.client_id = other.id;
  update public.clients c set merged_into = remaining.id
  where c.organization_id = other.organization_id and c.merged_into = other.id;
end
$$;

-- The movements of the other client are reversed on their own days. What it paid comes to the remaining client where
-- that has had no paid service, or where the two are to be added up: then its contracts get names of their own.
create function private.merge_movements(remaining public.clients, other public.clients, add_revenue boolean)
returns void
language plpgsql set search_path = ''
as $$
declare
  rows public.client_movements[] := private.current_movements(array[other.id]);
begin
  delete from private.client_plans p
  where p.organization_id = other.organization_id and p.client_id = other.id;
  perform private.post_entries(other.organization_id, '{}', array(select m.id from unnest(rows) m), 'merge');
  if add_revenue then
    perform private.require_valid(other.currency = remaining.currency or other.mrr = 0, 'revenue',
      'cannot be added: the two clients have different currencies');
    perform private.post_entries(remaining.organization_id, array(
      select row(remaining.id, m.day, m.entry, left(coalesce(nullif(m.contract, ''), other.name), 80)
          || ' (' || right(other.id::text, 8) || ')', m.contract_mrr, m.entry_currency, null, m.reason, m.voluntary,
        m.observed_from)::private.client_entry
      from unnest(rows) m where m.entry in ('amount', 'end')), '{}', 'merge');
  elsif remaining.since is null then
    perform private.post_entries(remaining.organization_id, array(
      select row(remaining.id, m.day, m.entry, m.contract, m.contract_mrr, m.entry_currency, m.entry_segment, m.reason,
        m.voluntary, m.observed_from)::private.client_entry
      from unnest(rows) m where m.entry is not null), '{}', 'merge');
  end if;
end
$$;

-- POST /clients/{id}/merge: the older client remains, whichever is named first. revenue: keep (the default) or add.
-- Security definer because callers may not write clients and their child rows directly.
create function private.merge_clients(organization_id uuid, client_id uuid, duplicate_id uuid, revenue text)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  answer jsonb;
  clients public.clients[];
begin
  perform private.require_scope(organization_id, 'clients:delete');
  answer := private.idempotent_response(organization_id);
  if answer is not null then
    return answer;
  end if;
  perform private.require_valid(revenue in ('keep', 'add'), 'revenue', 'is not keep or add');
  clients := private.require_client_merge(organization_id, client_id, duplicate_id);
  perform private.merge_movements(clients[1], clients[2], revenue = 'add');
  perform private.move_client_children(clients[1], clients[2]);
  update public.clients c set deleted_at = now(), deleted_by = auth.uid(), merged_into = clients[1].id
  where c.organization_id = merge_clients.organization_id and c.id = clients[2].id;
  perform private.fill_client(clients[1], clients[2]);
  return private.store_idempotent_response(organization_id, private.client_of(organization_id, clients[1].id));
end
$$;
grant execute on function private.merge_clients(uuid, uuid, uuid, text) to authenticated;

create function public.merge_clients(
  organization_id uuid, client_id uuid, duplicate_id uuid, revenue text default 'keep')
returns jsonb
language sql set search_path = ''
as $$
  select private.merge_clients(organization_id, client_id, duplicate_id, revenue)
$$;
comment on function public.merge_clients is
  'Merges two clients: the older one remains, with the child rows and missing values of the other.';
grant execute on function public.merge_clients(uuid, uuid, uuid, text) to authenticated;
