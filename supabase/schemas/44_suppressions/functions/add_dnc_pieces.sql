-- Security definer, as begin_dnc_list.
create function private.add_dnc_pieces(organization_id uuid, list_id uuid, pieces text[])
returns void
language plpgsql security definer set search_path = ''
as $$
declare
  list public.dnc_lists := private.require_open_list(organization_id, list_id);
begin
  perform private.require_valid(case when array_ndims(pieces) = 1
    then cardinality(pieces) <= 100 and array_position(pieces, null) is null end, 'pieces',
    'must have between 1 and 100 texts');
  perform private.require_valid(list.pieces + cardinality(pieces) <= 1000, 'pieces', 'are more than 1,000 of a file');
  perform private.require_valid((select max(char_length(p)) <= 262144 from unnest(pieces) p), 'pieces',
    'must have at most 262,144 characters each');
  insert into private.dnc_pieces (organization_id, list_id, "position", content)
  select list.organization_id, list.id, list.pieces + p.place - 1, p.content
  from unnest(pieces) with ordinality as p (content, place);
  update public.dnc_lists l
  set pieces = l.pieces + cardinality(add_dnc_pieces.pieces),
    size_bytes = l.size_bytes + (select coalesce(sum(octet_length(p)), 0) from unnest(add_dnc_pieces.pieces) p)
  where l.id = list.id returning * into list;
  if list.size_bytes > 52500000 then
    perform private.problem(413, 'too_large', 'The file is larger than 50 MB.');
  end if;
end
$$;
grant execute on function private.add_dnc_pieces(uuid, uuid, text[]) to authenticated;

create function public.add_dnc_pieces(organization_id uuid, list_id uuid, pieces text[])
returns void
language sql set search_path = ''
as $$
  select private.add_dnc_pieces(organization_id, list_id, pieces)
$$;
comment on function public.add_dnc_pieces is 'Stores the next pieces of a list''s file.';
grant execute on function public.add_dnc_pieces(uuid, uuid, text[]) to authenticated;
