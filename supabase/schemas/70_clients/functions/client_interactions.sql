create function private.client_interaction_json(interaction public.client_interactions)
returns jsonb
language sql stable set search_path = ''
as $$
  select to_jsonb(interaction) - 'organization_id' || jsonb_build_object('created_by_name', (
    select p.full_name from public.profiles p where p.id = interaction.created_by))
$$;

-- Security definer because callers may not write interactions and clients directly. The client is locked, so that it
-- cannot be merged meanwhile.
create function private.create_client_interaction(organization_id uuid, client_id uuid, interaction jsonb)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  client public.clients;
  created public.client_interactions;
  answer jsonb;
begin
  perform private.require_scope(organization_id, 'clients:write');
  answer := private.idempotent_response(organization_id);
  if answer is not null then
    return answer;
  end if;
  client := private.require_client(organization_id, client_id, 'clients:write', true);
  perform private.require_valid(coalesce((interaction ->> 'occurred_at')::timestamptz, now())
    <= now() + private.clock_tolerance(), 'occurred_at', 'is in the future');
  insert into public.client_interactions (organization_id, client_id, type, direction, subject, details, outcome,
    sentiment, occurred_at, recorded_at, created_by)
  select client.organization_id, client.id, r.type, r.direction, r.subject, r.details, r.outcome, r.sentiment,
    least(coalesce(r.occurred_at, now()), clock_timestamp()), clock_timestamp(), auth.uid()
  from jsonb_to_record(interaction) as r
    (type text, direction text, subject text, details text, outcome text, sentiment text, occurred_at timestamptz)
  returning * into created;
  perform set_config('signalbox.derived', 'on', true);
  update public.clients c set last_interaction_at = created.occurred_at
  where c.id = client.id and coalesce(c.last_interaction_at, '-infinity') < created.occurred_at;
  perform set_config('signalbox.derived', '', true);
  return private.store_idempotent_response(organization_id, private.client_interaction_json(created));
end
$$;
grant execute on function private.create_client_interaction(uuid, uuid, jsonb) to authenticated;

create function public.create_client_interaction(organization_id uuid, client_id uuid, interaction jsonb)
returns jsonb
language sql set search_path = ''
as $$
  select private.create_client_interaction(organization_id, client_id, interaction)
$$;
comment on function public.create_client_interaction is
  'Logs an interaction: { type, direction?, subject?, details?, outcome?, sentiment?, occurred_at? }.';
grant execute on function public.create_client_interaction(uuid, uuid, jsonb) to authenticated;

-- Newest first, by the time of logging. Security definer: see list_clients.
create function private.list_client_interactions(
  organization_id uuid, client_id uuid, wanted_type text, page_limit integer, page_offset integer)
returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  client public.clients := private.require_client(organization_id, client_id, 'clients:read');
begin
  return jsonb_build_object(
    'total', (
      select count(*) from public.client_interactions i
      where i.organization_id = client.organization_id and i.client_id = client.id
        and (wanted_type is null or i.type = wanted_type)),
    'rows', coalesce((
      select jsonb_agg(private.client_interaction_json(p.interaction) order by p.id desc)
      from (
        select i.id, i as interaction from public.client_interactions i
        where i.organization_id = client.organization_id and i.client_id = client.id
          and (wanted_type is null or i.type = wanted_type)
        order by i.id desc limit page_limit offset page_offset
      ) p), '[]'));
end
$$;
grant execute on function private.list_client_interactions(uuid, uuid, text, integer, integer) to authenticated;

create function public.list_client_interactions(
  organization_id uuid, client_id uuid, page_limit integer, page_offset integer, wanted_type text default null)
returns jsonb
language sql set search_path = ''
as $$
  select private.list_client_interactions(organization_id, client_id, wanted_type, private.page_size(page_limit),
    private.page_start(page_offset))
$$;
comment on function public.list_client_interactions is
  'One page of a client''s interactions, newest first. wanted_type: null for all.';
grant execute on function public.list_client_interactions(uuid, uuid, integer, integer, text) to authenticated;
