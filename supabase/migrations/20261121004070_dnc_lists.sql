-- Do-not-call lists over the API: a file of a million numbers comes in piece by piece, and goes again in slices.

create function private.dnc_list_json(list public.dnc_lists)
returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object('id', list.id, 'name', list.name, 'kind', list.kind, 'status', list.status,
    'calling_code', list.calling_code, 'numbers', list.numbers, 'invalid', list.invalid, 'progress', case when list.status = 'active' then 1
      else round(list.next_position::numeric / greatest(list.pieces, 1), 3) end, 'error', list.error,
    'created_by', list.created_by, 'created_by_name', (select p.full_name from public.profiles p where p.id = list.created_by),
    'created_at', list.created_at, 'updated_at', list.updated_at)
$$;

-- Definer: people are named.
create function private.list_dnc_lists(organization_id uuid, page_limit integer, page_offset integer)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
begin
  perform private.require_permission(organization_id, 'suppressions:read');
  return jsonb_build_object(
    'total', (
      select count(*) from public.dnc_lists l
      where l.organization_id = list_dnc_lists.organization_id and l.sealed and l.status <> 'deleting'),
    'rows', coalesce((
      select jsonb_agg(private.dnc_list_json(p.l) order by (p.l).id desc)
      from (
        select l from public.dnc_lists l
        where l.organization_id = list_dnc_lists.organization_id and l.sealed and l.status <> 'deleting'
        order by l.id desc limit page_limit offset page_offset
      ) p), '[]'));
end
$$;

-- The list as its file is being uploaded: { list_id }, or { replayed }. list: { name, kind, calling_code }.
-- Definer: lists are written by functions only.
create function private.begin_dnc_list(organization_id uuid, list jsonb)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  answer jsonb;
  created uuid;
begin
  perform private.require_permission(organization_id, 'suppressions:write');
  answer := private.replayed_response(organization_id);
  if answer is not null then
    return jsonb_build_object('replayed', answer);
  end if;
  perform pg_advisory_xact_lock(hashtextextended('dnc|' || organization_id, 0));
  if (select count(*) from public.dnc_lists l where l.organization_id = begin_dnc_list.organization_id) >= 50 then
    perform private.problem(409, 'too_many_lists', 'An organization has at most 50 lists. Delete one of them.');
  end if;
  if exists (
    select from public.dnc_lists l
    where l.organization_id = begin_dnc_list.organization_id and l.name = btrim(list ->> 'name')) then
    perform private.problem(409, 'already_exists', 'There is a list of this name already.');
  end if;
  insert into public.dnc_lists (organization_id, name, kind, calling_code, created_by)
  values (organization_id, btrim(list ->> 'name'), list ->> 'kind', list ->> 'calling_code', auth.uid())
  returning id into created;
  return jsonb_build_object('list_id', created);
end
$$;

create function private.require_open_list(organization_id uuid, list_id uuid)
returns public.dnc_lists
language plpgsql set search_path = ''
as $$
declare
  list public.dnc_lists;
begin
  perform private.require_permission(organization_id, 'suppressions:write');
  select * into list from public.dnc_lists l
  where l.organization_id = require_open_list.organization_id and l.id = list_id and not l.sealed and l.created_by = auth.uid()
  for update;
  if list.id is null then
    perform private.problem(404, 'not_found', 'There is no such list.');
  end if;
  return list;
end
$$;

-- Definer: see begin_dnc_list.
create function private.add_dnc_pieces(organization_id uuid, list_id uuid, pieces text[])
returns void
language plpgsql security definer set search_path = ''
as $$
declare
  list public.dnc_lists := private.require_open_list(organization_id, list_id);
begin
  insert into private.dnc_pieces (organization_id, list_id, "position", content)
  select list.organization_id, list.id, list.pieces + p.place - 1, p.content from unnest(pieces) with ordinality as p (content, place);
  update public.dnc_lists l
  set pieces = l.pieces + cardinality(add_dnc_pieces.pieces),
    size_bytes = l.size_bytes + (select coalesce(sum(octet_length(p)), 0) from unnest(add_dnc_pieces.pieces) p)
  where l.id = list.id returning * into list;
  if list.size_bytes > 52500000 then
    perform private.problem(413, 'too_large', 'The file is larger than 50 MB.');
  end if;
end
$$;

-- All of the file is here: its import begins. Definer: see begin_dnc_list.
create function private.seal_dnc_list(organization_id uuid, list_id uuid)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  list public.dnc_lists := private.require_open_list(organization_id, list_id);
begin
  if list.pieces = 0 then
    perform private.problem(422, 'invalid_field', 'The file is empty.', '[{"path": "file", "message": "is empty"}]');
  end if;
  update public.dnc_lists l set sealed = true where l.id = list.id returning * into list;
  perform private.invoke('jobs/import-dnc');
  return private.remember_response(organization_id, private.dnc_list_json(list));
end
$$;

-- Definer: see begin_dnc_list.
create function private.discard_dnc_list(organization_id uuid, list_id uuid)
returns void
language plpgsql security definer set search_path = ''
as $$
declare
  list public.dnc_lists := private.require_open_list(organization_id, list_id);
begin
  delete from public.dnc_lists l where l.id = list.id;
end
$$;

-- A list of a million numbers goes in slices, by the job; from this moment it forbids nothing. Definer: see begin_dnc_list.
create function private.delete_dnc_list(organization_id uuid, list_id uuid)
returns void
language plpgsql security definer set search_path = ''
as $$
begin
  perform private.require_permission(organization_id, 'suppressions:write');
  update public.dnc_lists l set status = 'deleting', name = left(l.name, 60) || ' ' || l.id
  where l.organization_id = delete_dnc_list.organization_id and l.id = delete_dnc_list.list_id and l.sealed and l.status <> 'deleting';
  if not found then
    perform private.problem(404, 'not_found', 'There is no such list.');
  end if;
  perform private.invoke('jobs/import-dnc');
end
$$;

-- Numbers of a registry's lines: the first field that is one, or an area code and the rest of a number in two fields, as
-- the national registry has them. A number without + is one of the list's country. null: no number in the line.
create function private.dnc_phone(line text, calling_code text)
returns text
language plpgsql immutable set search_path = ''
as $$
declare
  found text[];
  digits text;
begin
  -- Nearly all lines are nothing but a number.
  found := regexp_match(line, '^["\s]*(\+?[0-9]{7,15})["\s]*$');
  if found is null then
    found := regexp_match(line, '^["\s]*([2-9][0-9]{2})"?[,;\t ]\s*"?([2-9][0-9]{6})["\s]*$');
    if found is not null and calling_code = '1' then
      return '+1' || found[1] || found[2];
    end if;
    found := regexp_match(line, '(?:^|[,;\t])["''=\s]*(\+?\(?[0-9][0-9() .\-]{5,20}[0-9])["\s]*(?:$|[,;\t])');
    if found is null then
      return null;
    end if;
  end if;
  digits := regexp_replace(found[1], '[^0-9]', '', 'g');
  digits := case
    when left(found[1], 1) = '+' then digits
    when digits like '00%' then substr(digits, 3)
    when calling_code = '1' then case when char_length(digits) = 10 then '1' || digits when digits like '1%' and char_length(digits) = 11 then digits end
    when digits like '0%' then calling_code || substr(digits, 2)
    when digits like calling_code || '%' and char_length(digits) > char_length(calling_code) + 7 then digits
    when char_length(digits) between 7 and 11 then calling_code || digits end;
  return case when digits ~ '^1' then case when digits ~ '^1[2-9][0-9]{2}[2-9][0-9]{6}$' then '+' || digits end
    when digits ~ '^[2-9][0-9]{7,14}$' then '+' || digits end;
end
$$;

-- One slice of work on the lists of all organizations: a piece of a file comes in, or some numbers of a deleted list go.
-- A slice is a transaction: killed half-way, it never was. { list_id, state } or null where nothing is to be done.
-- Definer: the service role may not write these tables.
create function private.import_dnc_slice()
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  list public.dnc_lists;
  text_of_piece text;
  lines bigint;
  valid bigint;
  added bigint;
begin
  select * into list from public.dnc_lists l
  where l.sealed and l.status in ('importing', 'deleting') order by l.updated_at limit 1 for update skip locked;
  if list.id is null then
    return null;
  end if;
  if list.status = 'deleting' then
    -- By place: what the planner knows of a list that came in a moment ago would make a join of it that never ends.
    delete from private.dnc_numbers d where d.ctid = any (array(
      select x.ctid from private.dnc_numbers x where x.organization_id = list.organization_id and x.list_id = list.id limit 20000));
    if not found then
      delete from public.dnc_lists l where l.id = list.id;
      return jsonb_build_object('list_id', list.id, 'state', 'deleted');
    end if;
    update public.dnc_lists l set updated_at = now() where l.id = list.id;
    return jsonb_build_object('list_id', list.id, 'state', 'deleting');
  end if;
  delete from private.dnc_pieces p
  where p.organization_id = list.organization_id and p.list_id = list.id and p."position" = list.next_position
  returning p.content into text_of_piece;
  with read as materialized (
    select private.dnc_phone(l.line, list.calling_code) as phone from regexp_split_to_table(text_of_piece, '\r\n|\r|\n') as l (line)
    where l.line ~ '[^\s]'
  ), put as (
    insert into private.dnc_numbers (organization_id, phone, list_id)
    select distinct list.organization_id, r.phone, list.id from read r where r.phone is not null order by 2
    on conflict on constraint dnc_numbers_pkey do nothing
    returning 1
  )
  select (select count(*) from read), (select count(*) from read r where r.phone is not null), (select count(*) from put)
  into lines, valid, added;
  -- A first line without a number is a header.
  if list.next_position = 0 and private.dnc_phone(split_part(text_of_piece, E'\n', 1), list.calling_code) is null then
    lines := greatest(lines - 1, valid);
  end if;
  update public.dnc_lists l
  set numbers = l.numbers + added, invalid = l.invalid + lines - valid, next_position = l.next_position + 1,
    status = case when l.next_position + 1 < l.pieces then 'importing' when l.numbers + added > 0 then 'active' else 'failed' end,
    error = case when l.next_position + 1 >= l.pieces and l.numbers + added = 0 then 'No phone number was found in the file.' end
  where l.id = list.id
  returning * into list;
  return jsonb_build_object('list_id', list.id, 'state', list.status);
end
$$;

-- Files whose upload broke off go after an hour; lists that wait are worked on.
create function private.tend_dnc_lists()
returns void
language plpgsql set search_path = ''
as $$
begin
  delete from public.dnc_lists l where not l.sealed and l.updated_at < now() - interval '1 hour';
  if exists (select from public.dnc_lists l where l.sealed and l.status in ('importing', 'deleting')) then
    perform private.invoke('jobs/import-dnc');
  end if;
end
$$;
select cron.schedule('import-dnc', '* * * * *', $$select private.tend_dnc_lists()$$);

create function public.list_dnc_lists(organization_id uuid, page_limit integer default 50, page_offset integer default 0)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.list_dnc_lists(organization_id, page_limit, page_offset)
$$;
comment on function public.list_dnc_lists is 'The organization''s do-not-call lists.';

create function public.begin_dnc_list(organization_id uuid, list jsonb)
returns jsonb
language sql set search_path = ''
as $$
  select private.begin_dnc_list(organization_id, list)
$$;
comment on function public.begin_dnc_list is 'A list whose file begins to come in.';

create function public.add_dnc_pieces(organization_id uuid, list_id uuid, pieces text[])
returns void
language sql set search_path = ''
as $$
  select private.add_dnc_pieces(organization_id, list_id, pieces)
$$;
comment on function public.add_dnc_pieces is 'The next pieces of a list''s file.';

create function public.seal_dnc_list(organization_id uuid, list_id uuid)
returns jsonb
language sql set search_path = ''
as $$
  select private.seal_dnc_list(organization_id, list_id)
$$;
comment on function public.seal_dnc_list is 'Ends the upload of a list and starts its import.';

create function public.discard_dnc_list(organization_id uuid, list_id uuid)
returns void
language sql set search_path = ''
as $$
  select private.discard_dnc_list(organization_id, list_id)
$$;
comment on function public.discard_dnc_list is 'Throws away a list whose file broke off.';

create function public.delete_dnc_list(organization_id uuid, list_id uuid)
returns void
language sql set search_path = ''
as $$
  select private.delete_dnc_list(organization_id, list_id)
$$;
comment on function public.delete_dnc_list is 'Deletes a do-not-call list; it forbids nothing from then on.';

create function public.import_dnc_slice()
returns jsonb
language sql set search_path = ''
as $$
  select private.import_dnc_slice()
$$;
comment on function public.import_dnc_slice is 'One slice of work on do-not-call lists: a piece comes in, or a deleted list goes.';

grant execute on function private.list_dnc_lists(uuid, integer, integer),
  private.begin_dnc_list(uuid, jsonb),
  private.add_dnc_pieces(uuid, uuid, text[]),
  private.seal_dnc_list(uuid, uuid),
  private.discard_dnc_list(uuid, uuid),
  private.delete_dnc_list(uuid, uuid)
to authenticated;
grant execute on function public.list_dnc_lists(uuid, integer, integer),
  public.begin_dnc_list(uuid, jsonb),
  public.add_dnc_pieces(uuid, uuid, text[]),
  public.seal_dnc_list(uuid, uuid),
  public.discard_dnc_list(uuid, uuid),
  public.delete_dnc_list(uuid, uuid)
to authenticated;
grant execute on function private.import_dnc_slice(), public.import_dnc_slice() to service_role;
