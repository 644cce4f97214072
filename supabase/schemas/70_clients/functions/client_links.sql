-- Customers and leads that may be the same as a client: the account number before the phone number, the phone number
-- before the e-mail address. strength: 1 is the strongest.
create function private.client_matches(organization_id uuid, client_ids uuid[])
returns table (client_id uuid, customer_id uuid, lead_id uuid, matched_by text, strength integer)
language sql stable rows 100 set search_path = ''
as $$
  with c as (
    select k.* from public.clients k
    where k.organization_id = client_matches.organization_id and k.id = any (client_ids)
  ), found as (
    select c.id as client_id, a.id as customer_id, null::uuid as lead_id, 'account_number' as matched_by, 1 as strength
    from c join public.customers a
      on a.organization_id = client_matches.organization_id and lower(a.account_number) = lower(c.account_number)
    union all
    select c.id, a.id, null, 'phone', 2
    from c join public.customers a on a.organization_id = client_matches.organization_id and a.phone = c.phone
    union all
    select c.id, null, l.id, 'phone', 2
    from c join public.leads l
      on l.organization_id = client_matches.organization_id and l.phone = c.phone and l.deleted_at is null
    union all
    select c.id, null, l.id, 'email', 3
    from c join public.leads l
      on l.organization_id = client_matches.organization_id and l.email = c.email and l.deleted_at is null
  )
  select distinct on (f.client_id, f.customer_id, f.lead_id) f.client_id, f.customer_id, f.lead_id, f.matched_by,
    f.strength
  from found f order by f.client_id, f.customer_id, f.lead_id, f.strength
$$;

-- Links clients to the one customer, and the one lead, that match best; several equally good ones are for a person to
-- choose from. What a person has linked or rejected stays, and where a person has chosen nothing is linked any more.
-- For security definer functions and jobs.
create function private.link_clients(organization_id uuid, client_ids uuid[])
returns void
language plpgsql set search_path = ''
as $$
begin
  delete from public.client_links l
  where l.organization_id = link_clients.organization_id and l.client_id = any (client_ids) and l.source = 'automatic'
    and not exists (
      select from private.client_matches(link_clients.organization_id, client_ids) m
      where m.client_id = l.client_id
        and (m.customer_id, m.lead_id) is not distinct from (l.customer_id, l.lead_id));
  insert into public.client_links (organization_id, client_id, customer_id, lead_id, source)
  select link_clients.organization_id, b.client_id, b.customer_id, b.lead_id, 'automatic'
  from (
    select m.*, m.strength = min(m.strength) over k as is_best,
      count(*) over (partition by m.client_id, m.customer_id is null, m.strength) = 1 as is_only
    from private.client_matches(link_clients.organization_id, client_ids) m
    window k as (partition by m.client_id, m.customer_id is null)
  ) b
  where b.is_best and b.is_only and not exists (
    select from public.client_links l
    where l.organization_id = link_clients.organization_id and l.client_id = b.client_id
      and (l.customer_id is null) = (b.customer_id is null))
  on conflict do nothing;
end
$$;

-- Every night: links clients to customers and leads that came later than they. Only clients without a link to a customer
-- or without one to a lead are looked at, by organization and in slices; killed at any line, the next night goes on.
create function private.link_new_contacts()
returns void
language plpgsql set search_path = ''
as $$
declare
  slice record;
begin
  for slice in
    select s.organization_id, array_agg(s.id) as ids
    from (
      select c.organization_id, c.id, (row_number() over (partition by c.organization_id order by c.id) - 1) / 2000 as n
      from public.clients c
      where c.deleted_at is null and (c.account_number is not null or c.phone is not null or c.email is not null) and (
        select count(l.customer_id) = 0 or count(l.lead_id) = 0 from public.client_links l
        where l.organization_id = c.organization_id and l.client_id = c.id)
    ) s
    group by s.organization_id, s.n
  loop
    begin
      perform private.link_clients(slice.organization_id, slice.ids);
    exception when others then
      raise warning 'clients of % were not linked: %', slice.organization_id, sqlerrm;
    end;
  end loop;
end
$$;

-- The links of a client and what is suggested. Of a customer or lead that the caller may not see only the number is
-- told.
create function private.links_json(client public.clients)
returns jsonb
language plpgsql stable set search_path = ''
as $$
declare
  sees_customers boolean := client.organization_id = any (private.organizations_with('customers:read'));
  answer jsonb;
begin
  with x as (
    select l.customer_id, l.lead_id, case when l.rejected then 'rejected' else 'linked' end as state, l.source,
      null as matched_by
    from public.client_links l where l.organization_id = client.organization_id and l.client_id = client.id
    union all
    select m.customer_id, m.lead_id, 'suggested', null, m.matched_by
    from private.client_matches(client.organization_id, array[client.id]) m
    where not exists (
      select from public.client_links l
      where l.organization_id = client.organization_id and l.client_id = client.id
        and (l.customer_id, l.lead_id) is not distinct from (m.customer_id, m.lead_id))
  ), seen as (
    select x.*, a.name as customer_name, a.account_number, d.full_name as lead_name, d.status as lead_status,
      case when x.customer_id is not null then sees_customers
        else private.lead_in_scope(d, 'leads:read') and d.deleted_at is null end as visible
    from x
    left join public.customers a on a.organization_id = client.organization_id and a.id = x.customer_id
    left join public.leads d on d.organization_id = client.organization_id and d.id = x.lead_id
  )
  select jsonb_build_object(
    'customers', coalesce(jsonb_agg(jsonb_build_object('customer_id', s.customer_id, 'name', s.customer_name,
      'account_number', s.account_number, 'state', s.state, 'source', s.source, 'matched_by', s.matched_by)
      order by s.state, s.customer_id) filter (where s.visible and s.customer_id is not null), '[]'),
    'leads', coalesce(jsonb_agg(jsonb_build_object('lead_id', s.lead_id, 'name', s.lead_name, 'status', s.lead_status,
      'state', s.state, 'source', s.source, 'matched_by', s.matched_by)
      order by s.state, s.lead_id) filter (where s.visible and s.lead_id is not null), '[]'),
    'hidden', count(*) filter (where not s.visible and s.state <> 'rejected'))
  into answer from seen s;
  return answer;
end
$$;

-- What a person says about the links of a client: [{ customer_id | lead_id, state: linked | rejected | none }]. The
-- caller must see both sides.
create function private.choose_links(client public.clients, choices jsonb)
returns void
language plpgsql set search_path = ''
as $$
declare
  choice record;
  lead public.leads;
begin
  for choice in
    select c.*, (c.n - 1)::text as index from rows from (
      jsonb_to_recordset(choices) as (customer_id uuid, lead_id uuid, state text)) with ordinality
      c (customer_id, lead_id, state, n)
  loop
    perform private.require_valid(num_nonnulls(choice.customer_id, choice.lead_id) = 1, 'links.' || choice.index,
      'names a customer or a lead');
    perform private.require_valid(choice.state in ('linked', 'rejected', 'none'), 'links.' || choice.index || '.state',
      'is not linked, rejected or none');
    if choice.customer_id is not null then
      perform private.require_permission(client.organization_id, 'customers:read');
      perform from public.customers a
      where a.organization_id = client.organization_id and a.id = choice.customer_id for key share;
      perform private.require_valid(found, 'links.' || choice.index || '.customer_id', 'is not a customer');
    else
      select * into lead from public.leads l
      where l.organization_id = client.organization_id and l.id = choice.lead_id and l.deleted_at is null for key share;
      perform private.require_valid(lead.id is not null and private.lead_in_scope(lead, 'leads:read'),
        'links.' || choice.index || '.lead_id', 'is not a lead');
    end if;
    if choice.state = 'none' then
      delete from public.client_links l
      where l.organization_id = client.organization_id and l.client_id = client.id
        and (l.customer_id, l.lead_id) is not distinct from (choice.customer_id, choice.lead_id);
    else
      insert into public.client_links as l
        (organization_id, client_id, customer_id, lead_id, source, rejected, created_by)
      values (client.organization_id, client.id, choice.customer_id, choice.lead_id, 'manual',
        choice.state = 'rejected', auth.uid())
      on conflict do nothing;
      update public.client_links l set source = 'manual', rejected = choice.state = 'rejected', created_by = auth.uid()
      where l.organization_id = client.organization_id and l.client_id = client.id
        and (l.customer_id, l.lead_id) is not distinct from (choice.customer_id, choice.lead_id)
        and (l.source <> 'manual' or l.rejected <> (choice.state = 'rejected'));
    end if;
  end loop;
end
$$;

-- Security definer because callers may not write links, and for what they may not see.
create function private.client_links(organization_id uuid, client_id uuid, choices jsonb)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  client public.clients;
begin
  if choices is null then
    return private.links_json(private.require_client(organization_id, client_id, 'clients:read'));
  end if;
  client := private.require_client(organization_id, client_id, 'clients:write', true);
  perform private.require_valid(jsonb_typeof(choices) = 'array' and jsonb_array_length(choices) between 1 and 100,
    'links', 'is a list of 1 to 100 links');
  perform private.choose_links(client, choices);
  return private.links_json(client);
end
$$;
grant execute on function private.client_links(uuid, uuid, jsonb) to authenticated;

create function public.client_links(organization_id uuid, client_id uuid, choices jsonb default null)
returns jsonb
language sql set search_path = ''
as $$
  select private.client_links(organization_id, client_id, choices)
$$;
comment on function public.client_links is
  'Customers and leads that are or may be the same as a client, after choices: [{ customer_id | lead_id, state }].';
grant execute on function public.client_links(uuid, uuid, jsonb) to authenticated;
