create function private.movement_rows(movements public.client_movements[])
returns jsonb
language sql stable set search_path = ''
as $$
  select coalesce(jsonb_agg(jsonb_build_object('id', m.id, 'day', m.day, 'kind', m.kind, 'amount', m.amount::text,
    'currency', m.currency, 'mrr_after', m.mrr_after::text, 'status_after', m.status_after, 'segment', m.segment,
    'contract', m.contract, 'contract_mrr', m.contract_mrr::text, 'reason', m.reason, 'voluntary', m.voluntary,
    'reverses', m.reverses, 'reversed_by', (
      select r.id from public.client_movements r where r.reverses = m.id),
    'cause', m.cause, 'recorded_at', m.recorded_at, 'recorded_by', m.recorded_by, 'recorded_by_name', (
      select p.full_name from public.profiles p where p.id = m.recorded_by)) order by m.n), '[]')
  from (select u.*, row_number() over () as n from unnest(movements) u) m
$$;

-- The ledger of a client, the latest recorded first, and what is planned. Security definer: see list_clients.
create function private.list_client_movements(
  organization_id uuid, client_id uuid, page_limit integer, page_offset integer)
returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  client public.clients := private.require_client(organization_id, client_id, 'clients:read');
begin
  return jsonb_build_object(
    'total', (select count(*) from public.client_movements m where m.client_id = client.id),
    'rows', private.movement_rows(array(
      select m from public.client_movements m where m.client_id = client.id
      order by m.recorded_at desc, m.day desc, m.place desc, m.id desc limit page_limit offset page_offset)),
    'planned', (
      select coalesce(jsonb_agg(jsonb_build_object('movement', p.movement, 'effective_on', p.effective_on,
        'details', p.details) order by p.effective_on, p.id), '[]')
      from private.client_plans p
      where p.organization_id = client.organization_id and p.client_id = client.id));
end
$$;
grant execute on function private.list_client_movements(uuid, uuid, integer, integer) to authenticated;

create function public.list_client_movements(
  organization_id uuid, client_id uuid, page_limit integer, page_offset integer)
returns jsonb
language sql set search_path = ''
as $$
  select private.list_client_movements(organization_id, client_id, private.page_size(page_limit),
    private.page_start(page_offset))
$$;
comment on function public.list_client_movements is
  'One page of a client''s ledger, the latest recorded first, and the movements that are planned.';
grant execute on function public.list_client_movements(uuid, uuid, integer, integer) to authenticated;
