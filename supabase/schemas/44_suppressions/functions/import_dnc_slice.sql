-- Imports the next piece of a list's file and returns the list as it is then.
create function private.import_dnc_piece(list public.dnc_lists)
returns public.dnc_lists
language plpgsql set search_path = ''
as $$
declare
  text_of_piece text;
  lines bigint;
  valid bigint;
  added bigint;
begin
  delete from private.dnc_pieces p
  where p.organization_id = list.organization_id and p.list_id = list.id and p."position" = list.next_position
  returning p.content into text_of_piece;
  with read as materialized (
    select private.dnc_phone(l.line, list.calling_code) as phone
    from regexp_split_to_table(text_of_piece, '\r\n|\r|\n') as l (line)
    where l.line ~ '[^\s]'
  ), added_numbers as (
    insert into private.dnc_numbers (organization_id, phone, list_id)
    select distinct list.organization_id, r.phone, list.id from read r where r.phone is not null order by 2
    on conflict on constraint dnc_numbers_pkey do nothing
    returning 1
  )
  select (select count(*) from read), (select count(*) from read r where r.phone is not null),
    (select count(*) from added_numbers)
  into lines, valid, added;
  -- A first line without a number is a header, not an invalid line.
  if list.next_position = 0 and private.dnc_phone(split_part(text_of_piece, E'\n', 1), list.calling_code) is null then
    lines := greatest(lines - 1, valid);
  end if;
  update public.dnc_lists l
  set numbers = l.numbers + added, invalid = l.invalid + lines - valid, next_position = l.next_position + 1,
    status = case when l.next_position + 1 < l.pieces then 'importing' when l.numbers + added > 0 then 'active'
      else 'failed' end,
    error = case when l.next_position + 1 >= l.pieces and l.numbers + added = 0
      then 'No phone number was found in the file.' end
  where l.id = list.id
  returning * into list;
  return list;
end
$$;

-- One batch of work on a list that private.claim_dnc_list answered: imports a piece of its file, or deletes some numbers
-- of a deleted list. Each is one transaction. Returns { list_id, state }, or null if the list is gone. Security definer
-- because the service role may not write these tables.
create function private.import_dnc_slice(list_id uuid)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  list public.dnc_lists;
begin
  select * into list from public.dnc_lists l
  where l.id = import_dnc_slice.list_id and l.upload_complete and l.status in ('importing', 'deleting') for update;
  if list.id is null then
    return null;
  end if;
  delete from private.dnc_list_claims c where c.organization_id = list.organization_id and c.list_id = list.id;
  if list.status = 'deleting' then
    -- By ctid: statistics of a list that was just imported are missing, and a join would be planned badly.
    delete from private.dnc_numbers d where d.ctid = any (array(
      select x.ctid from private.dnc_numbers x where x.organization_id = list.organization_id and x.list_id = list.id
      limit 20000));
    if not found then
      delete from public.dnc_lists l where l.id = list.id;
      return jsonb_build_object('list_id', list.id, 'state', 'deleted');
    end if;
    update public.dnc_lists l set updated_at = now() where l.id = list.id;
    return jsonb_build_object('list_id', list.id, 'state', 'deleting');
  end if;
  list := private.import_dnc_piece(list);
  return jsonb_build_object('list_id', list.id, 'state', list.status);
exception when data_exception or integrity_constraint_violation or raise_exception then
  -- Another attempt would not go better.
  raise warning 'the do-not-call list % was not imported: %', list.id, sqlerrm;
  perform private.fail_dnc_list(list.id);
  return jsonb_build_object('list_id', list.id, 'state', 'failed');
end
$$;
grant execute on function private.import_dnc_slice(uuid) to service_role;

create function public.import_dnc_slice(list_id uuid)
returns jsonb
language sql set search_path = ''
as $$
  select private.import_dnc_slice(list_id)
$$;
comment on function public.import_dnc_slice is
  'One batch of work on a claimed do-not-call list: imports a piece, or deletes numbers of a deleted list.';
grant execute on function public.import_dnc_slice(uuid) to service_role;
