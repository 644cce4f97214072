create function private.segments_json(organization_id uuid)
returns jsonb
language sql stable set search_path = ''
as $$
  select coalesce(jsonb_agg(jsonb_build_object('key', s.key, 'label', s.label, 'clients', (
      select coalesce(sum(t.clients), 0) from private.client_totals t
      where t.organization_id = s.organization_id and t.segment = s.key)) order by s.position), '[]')
  from public.client_segments s where s.organization_id = segments_json.organization_id
$$;

-- Moves the clients of removed segments, deleted ones too, as of today: the movements keep the segment of each day.
create function private.move_clients_of_segments(organization_id uuid, moves jsonb)
returns void
language plpgsql set search_path = ''
as $$
declare
  today date := private.local_day(organization_id);
  moved public.clients[];
begin
  select array_agg(c order by c.id) into moved from public.clients c
  where c.organization_id = move_clients_of_segments.organization_id and moves ? c.segment;
  update public.clients c set segment = moves ->> c.segment
  where c.organization_id = move_clients_of_segments.organization_id and moves ? c.segment;
  perform private.post_entries(organization_id, array(
    select row(m.id, today, 'segment', '', null, null, moves ->> m.segment, null, null, null)::private.client_entry
    from unnest(moved) m where m.deleted_at is null and m.status <> 'prospect'), '{}', 'entry');
end
$$;

-- Replaces the organization's segments; with null it only reads them. moves: the segment that takes the clients of each
-- removed one. Security definer because callers may not write segments and clients directly.
create function private.client_segments(organization_id uuid, segments jsonb, moves jsonb)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  unmoved jsonb;
begin
  if segments is null then
    perform private.require_scope(organization_id, 'clients:read');
    return private.segments_json(organization_id);
  end if;
  perform private.require_permission(organization_id, 'churn:configure');
  perform private.require_valid(jsonb_typeof(segments) = 'array' and jsonb_array_length(segments) between 1 and 50,
    'segments', 'is a list of 1 to 50 segments');
  perform private.require_valid((
    select count(distinct s ->> 'key') = count(*) from jsonb_array_elements(segments) s), 'segments',
    'names a key twice');
  perform private.require_valid(not exists (
    select from jsonb_each_text(moves) m where not exists (
      select from jsonb_array_elements(segments) s where s ->> 'key' = m.value) or exists (
      select from jsonb_array_elements(segments) s where s ->> 'key' = m.key)), 'move',
    'moves clients from a removed segment to one of the list');
  perform from public.client_segments s
  where s.organization_id = client_segments.organization_id order by s.key for update;
  select jsonb_object_agg(c.segment, c.clients) into unmoved from (
    select c.segment, count(*) as clients from public.clients c
    where c.organization_id = client_segments.organization_id and not moves ? c.segment
      and not exists (select from jsonb_array_elements(segments) s where s ->> 'key' = c.segment)
    group by c.segment) c;
  if unmoved is not null then
    perform private.problem(409, 'segment_in_use',
      'Some removed segments still have clients (deleted ones included). Give a target segment for each.',
      jsonb_build_object('clients', unmoved));
  end if;
  insert into public.client_segments as s (organization_id, key, label, position)
  select client_segments.organization_id, n.value ->> 'key', n.value ->> 'label', n.ordinality
  from jsonb_array_elements(segments) with ordinality n
  on conflict on constraint client_segments_key_unique do update
    set label = excluded.label, position = excluded.position
    where (s.label, s.position) is distinct from (excluded.label, excluded.position);
  perform private.move_clients_of_segments(organization_id, moves);
  delete from public.client_segments s
  where s.organization_id = client_segments.organization_id
    and not exists (select from jsonb_array_elements(segments) n where n ->> 'key' = s.key);
  return private.segments_json(organization_id);
end
$$;
grant execute on function private.client_segments(uuid, jsonb, jsonb) to authenticated;

-- Moving the clients of a large segment takes longer than the usual limit; the Data API applies this setting.
create function public.client_segments(organization_id uuid, segments jsonb default null, moves jsonb default '{}')
returns jsonb
language sql set search_path = '' set statement_timeout = '55s'
as $$
  select private.client_segments(organization_id, segments, coalesce(moves, '{}'))
$$;
comment on function public.client_segments is
  'The organization''s segments in order, after replacing them by [{ key, label }] if given.';
grant execute on function public.client_segments(uuid, jsonb, jsonb) to authenticated;
