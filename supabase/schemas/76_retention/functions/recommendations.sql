create function private.recommendation_json(recommendation public.recommendations)
returns jsonb
language sql stable set search_path = ''
as $$
  select to_jsonb(recommendation) - array['organization_id', 'rank'] || jsonb_build_object('mrr', recommendation.mrr::text,
    'play_key', p.key, 'channel', p.channel, 'measured', e.effect is not null,
    'impact', coalesce(round(e.effect * recommendation.score), 0)::integer,
    'decided_by_name', (select f.full_name from public.profiles f where f.id = recommendation.decided_by),
    'finished_by_name', (select f.full_name from public.profiles f where f.id = recommendation.finished_by),
    'created_by_name', (select f.full_name from public.profiles f where f.id = recommendation.created_by))
  from (select 1) one
  left join public.plays p on p.organization_id = recommendation.organization_id and p.id = recommendation.play_id
  left join private.recommendation_runs n on n.organization_id = recommendation.organization_id
  cross join lateral (select (n.effects ->> recommendation.play_id::text)::float8 as effect) e
$$;

create function private.recommendations_of(client public.clients, page_limit integer, page_offset integer)
returns jsonb
language sql stable set search_path = ''
as $$
  select coalesce(jsonb_agg(private.recommendation_json(r) order by r.state not in ('proposed', 'accepted'), r.rank desc, r.id desc),
    '[]')
  from (
    select * from public.recommendations r
    where r.organization_id = client.organization_id and r.client_id = client.id
    order by r.state not in ('proposed', 'accepted'), r.rank desc, r.id desc limit page_limit offset page_offset
  ) r
$$;

-- Security definer: see list_clients.
create function private.list_recommendations(organization_id uuid, client_id uuid, page_limit integer, page_offset integer)
returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  client public.clients := private.require_client(organization_id, client_id, 'clients:read');
begin
  return jsonb_build_object(
    'total', (
      select count(*) from public.recommendations r
      where r.organization_id = client.organization_id and r.client_id = client.id),
    'rows', private.recommendations_of(client, page_limit, page_offset));
end
$$;
grant execute on function private.list_recommendations(uuid, uuid, integer, integer) to authenticated;

create function public.list_recommendations(organization_id uuid, client_id uuid, page_limit integer, page_offset integer)
returns jsonb
language sql set search_path = ''
as $$
  select private.list_recommendations(organization_id, client_id, private.page_size(page_limit),
    private.page_start(page_offset))
$$;
comment on function public.list_recommendations is 'One page of what is recommended for a client, open ones first.';
grant execute on function public.list_recommendations(uuid, uuid, integer, integer) to authenticated;

-- What a person recommends, without a play. Security definer because callers may not write recommendations directly.
create function private.create_recommendation(organization_id uuid, client_id uuid, recommendation jsonb)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  client public.clients;
  created public.recommendations;
  answer jsonb;
begin
  perform private.require_scope(organization_id, 'recommendations:decide');
  answer := private.idempotent_response(organization_id);
  if answer is not null then
    return answer;
  end if;
  client := private.require_client(organization_id, client_id, 'recommendations:decide', true);
  created := jsonb_populate_record(null::public.recommendations, recommendation);
  insert into public.recommendations (organization_id, client_id, title, details, score, mrr, currency, proposed_on,
    expires_on, created_by)
  values (client.organization_id, client.id, created.title, coalesce(created.details, ''), (
      select k.score from public.client_risks k
      where k.organization_id = client.organization_id and k.client_id = client.id), client.mrr, client.currency,
    private.local_day(organization_id), private.local_day(organization_id) + 30, auth.uid())
  returning * into created;
  return private.store_idempotent_response(organization_id, private.recommendation_json(created));
end
$$;
grant execute on function private.create_recommendation(uuid, uuid, jsonb) to authenticated;

create function public.create_recommendation(organization_id uuid, client_id uuid, recommendation jsonb)
returns jsonb
language sql set search_path = ''
as $$
  select private.create_recommendation(organization_id, client_id, recommendation)
$$;
comment on function public.create_recommendation is 'Recommends something for a client: { title, details? }.';
grant execute on function public.create_recommendation(uuid, uuid, jsonb) to authenticated;

-- decision: { state, note? }. proposed becomes accepted or declined, accepted becomes done or not_done; 409 otherwise.
-- Security definer because callers may not write recommendations directly.
create function private.decide_recommendation(
  organization_id uuid, client_id uuid, recommendation_id uuid, decision jsonb)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  client public.clients := private.require_client(organization_id, client_id, 'recommendations:decide', true);
  decided public.recommendations;
  wanted text := decision ->> 'state';
begin
  select * into decided from public.recommendations r
  where r.organization_id = client.organization_id and r.client_id = client.id and r.id = recommendation_id for update;
  if decided.id is null then
    perform private.problem(404, 'not_found', 'There is no such recommendation.');
  end if;
  perform private.require_valid(wanted in ('accepted', 'declined', 'done', 'not_done'), 'state',
    'is accepted, declined, done or not_done');
  if (wanted in ('accepted', 'declined') and decided.state <> 'proposed')
    or (wanted in ('done', 'not_done') and decided.state <> 'accepted') then
    perform private.problem(409, 'wrong_state', format('The recommendation is %s.', decided.state),
      jsonb_build_object('state', decided.state));
  end if;
  update public.recommendations r
  set state = wanted, note = coalesce(decision ->> 'note', r.note),
    decided_by = case when wanted in ('accepted', 'declined') then auth.uid() else r.decided_by end,
    decided_at = case when wanted in ('accepted', 'declined') then now() else r.decided_at end,
    finished_by = case when wanted in ('done', 'not_done') then auth.uid() end,
    finished_at = case when wanted in ('done', 'not_done') then now() end
  where r.id = decided.id
  returning * into decided;
  return private.recommendation_json(decided);
end
$$;
grant execute on function private.decide_recommendation(uuid, uuid, uuid, jsonb) to authenticated;

create function public.decide_recommendation(
  organization_id uuid, client_id uuid, recommendation_id uuid, decision jsonb)
returns jsonb
language sql set search_path = ''
as $$
  select private.decide_recommendation(organization_id, client_id, recommendation_id, decision)
$$;
comment on function public.decide_recommendation is
  'Accepts, declines, or finishes what is recommended: { state: accepted | declined | done | not_done, note? }.';
grant execute on function public.decide_recommendation(uuid, uuid, uuid, jsonb) to authenticated;
