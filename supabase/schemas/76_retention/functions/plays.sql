-- with_conditions false: for whom a play is and how often is not shown, because a client that it fits and that has no
-- recommendation is held out.
create function private.play_json(play public.plays, with_conditions boolean)
returns jsonb
language sql immutable set search_path = ''
as $$
  select to_jsonb(play) - 'organization_id'
    || jsonb_build_object('min_mrr', play.min_mrr::text, 'cost', play.cost::text)
    || case when with_conditions then '{}' else '{"bands": null, "themes": null, "segments": null, "cost": null,
      "contract_ends_within": null, "min_mrr": null, "every_days": null}'::jsonb end
$$;

-- Conditions are for those who may change them. Security definer because the permission is checked here for a clear
-- answer, and because callers may not read conditions directly.
create function private.list_plays(organization_id uuid)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
  configures boolean := organization_id = any (private.organizations_with('churn:configure'));
begin
  perform private.require_scope(organization_id, 'clients:read');
  return (
    select coalesce(jsonb_agg(private.play_json(p, configures) order by p.id), '[]') from public.plays p
    where p.organization_id = list_plays.organization_id);
end
$$;
grant execute on function private.list_plays(uuid) to authenticated;

create function public.list_plays(organization_id uuid)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.list_plays(organization_id)
$$;
comment on function public.list_plays is
  'The plays of the organization; for whom they are only for those who may configure churn.';
grant execute on function public.list_plays(uuid) to authenticated;

-- Replaces a play, but for its key; what is left out gets its default. Security definer because callers may not write
-- plays directly.
create function private.update_play(organization_id uuid, play_id uuid, play jsonb)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  given public.plays := jsonb_populate_record(null::public.plays, play);
  changed public.plays;
begin
  perform private.require_permission(organization_id, 'churn:configure');
  perform private.require_valid(not exists (
    select from unnest(given.segments) s where not exists (
      select from public.client_segments k where k.organization_id = update_play.organization_id and k.key = s)),
    'segments', 'has a segment that the organization does not have');
  update public.plays p
  set title = given.title, details = coalesce(given.details, ''), channel = given.channel, bands = given.bands,
    themes = coalesce(given.themes, '{}'), segments = coalesce(given.segments, '{}'),
    contract_ends_within = given.contract_ends_within, min_mrr = given.min_mrr, cost = coalesce(given.cost, 0),
    every_days = coalesce(given.every_days, 90), enabled = coalesce(given.enabled, true)
  where p.organization_id = update_play.organization_id and p.id = update_play.play_id
  returning * into changed;
  if changed.id is null then
    perform private.problem(404, 'not_found', 'There is no such play.');
  end if;
  return private.play_json(changed, true);
end
$$;
grant execute on function private.update_play(uuid, uuid, jsonb) to authenticated;

create function public.update_play(organization_id uuid, play_id uuid, play jsonb)
returns jsonb
language sql set search_path = ''
as $$
  select private.update_play(organization_id, play_id, play)
$$;
comment on function public.update_play is 'Replaces a play: { title, details?, channel, bands, themes?, segments?,
contract_ends_within?, min_mrr?, cost?, every_days?, enabled? }.';
grant execute on function public.update_play(uuid, uuid, jsonb) to authenticated;
