-- Security definer: see list_clients.
create function private.get_client(organization_id uuid, client_id uuid)
returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
begin
  return private.client_json(private.require_client(organization_id, client_id, 'clients:read'));
end
$$;
grant execute on function private.get_client(uuid, uuid) to authenticated;

create function public.get_client(organization_id uuid, client_id uuid)
returns jsonb
language sql set search_path = ''
as $$
  select private.get_client(organization_id, client_id)
$$;
comment on function public.get_client is 'A client with its contacts.';
grant execute on function public.get_client(uuid, uuid) to authenticated;

-- GET /clients/{id}/detail: everything that a person looks at before a call. Security definer: see list_clients.
create function private.client_detail(organization_id uuid, client_id uuid)
returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  client public.clients := private.require_client(organization_id, client_id, 'clients:read');
begin
  return jsonb_build_object(
    'client', private.client_json(client),
    'interactions', (
      select coalesce(jsonb_agg(private.client_interaction_json(i) order by i.id desc), '[]')
      from (
        select * from public.client_interactions i
        where i.organization_id = client.organization_id and i.client_id = client.id order by i.id desc limit 20) i),
    'issues', (
      select coalesce(jsonb_agg(private.client_issue_json(i) order by i.status = 'closed', i.id desc), '[]')
      from (
        select * from public.client_issues i
        where i.organization_id = client.organization_id and i.client_id = client.id
        order by i.status = 'closed', i.id desc limit 20) i),
    'spells', (
      select coalesce(jsonb_agg(jsonb_build_object('starts_on', s.starts_on, 'ends_on', s.ends_on, 'reason', s.reason,
        'voluntary', s.voluntary) order by s.spell_no), '[]')
      from public.client_spells s where s.organization_id = client.organization_id and s.client_id = client.id),
    'movements', private.movement_rows(array(
      select m from private.effective_movements(array[client.id]) m where m.kind <> 'unchanged'
      order by m.day desc, m.place desc limit 20)),
    'links', private.links_json(client),
    'factors', private.factors_of(client),
    'incident_predictions', private.incident_prediction_json(client), 'recommendations', private.recommendations_of(client, 20, 0),
    'score_history', (
      select coalesce(jsonb_agg(jsonb_build_object('day', h.day, 'score', h.score, 'band', h.band, 'model_id',
        h.model_id) order by h.day desc), '[]')
      from (
        select * from private.client_scores h
        where h.organization_id = client.organization_id and h.client_id = client.id order by h.day desc limit 52) h));
end
$$;
grant execute on function private.client_detail(uuid, uuid) to authenticated;

create function public.client_detail(organization_id uuid, client_id uuid)
returns jsonb
language sql set search_path = ''
as $$
  select private.client_detail(organization_id, client_id)
$$;
comment on function public.client_detail is
  'A client with contacts, the latest interactions, issues and movements, spells, links, factors and scores.';
grant execute on function public.client_detail(uuid, uuid) to authenticated;
