-- GET /clients/{id}/incident-predictions. q1 to q4 are the next quarters that are the first to fourth of a year. Security
-- definer: see list_clients.
create function private.incident_predictions(organization_id uuid, client_id uuid)
returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  client public.clients := private.require_client(organization_id, client_id, 'clients:read');
begin
  return private.incident_prediction_json(client);
end
$$;
grant execute on function private.incident_predictions(uuid, uuid) to authenticated;

create function private.incident_prediction_json(client public.clients)
returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object('client_id', client.id, 'predicted_on', p.predicted_on,
    'quarters', coalesce(to_jsonb(p.quarters), '[]'), 'probabilities', coalesce(to_jsonb(p.probabilities), '[]'),
    'q1_prediction', p.probabilities[private.place_of_quarter(p.quarters, 1)],
    'q2_prediction', p.probabilities[private.place_of_quarter(p.quarters, 2)],
    'q3_prediction', p.probabilities[private.place_of_quarter(p.quarters, 3)],
    'q4_prediction', p.probabilities[private.place_of_quarter(p.quarters, 4)],
    'by_type', coalesce(p.by_type, '{}'), 'most_likely_incident', p.most_likely_incident, 'most_likely_label', (
      select t.label from public.incident_types t
      where t.organization_id = client.organization_id and t.key = p.most_likely_incident),
    'recommendation', p.recommendation, 'basis', p.basis, 'skill', m.skill, 'forecasts', m.forecasts,
    'customer_id', client.external_id, 'client_region', client.region, 'client_type', client.client_type,
    'client_category', client.category)
  from (select 1) one
  left join public.client_incident_predictions p
    on p.organization_id = client.organization_id and p.client_id = client.id
  left join private.incident_models m on m.organization_id = client.organization_id
$$;

create function private.place_of_quarter(quarters text[], quarter integer)
returns integer
language sql immutable set search_path = ''
as $$
  select q.n::integer from unnest(quarters) with ordinality q (quarter, n) where q.quarter like '%Q' || place_of_quarter.quarter
$$;

create function public.incident_predictions(organization_id uuid, client_id uuid)
returns jsonb
language sql set search_path = ''
as $$
  select private.incident_predictions(organization_id, client_id)
$$;
comment on function public.incident_predictions is
  'How likely a client is to report an incident in each of the next four quarters, by type and in all.';
grant execute on function public.incident_predictions(uuid, uuid) to authenticated;
