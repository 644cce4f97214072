-- The list in the order that the caller asks for. sortable: { column: [expression on x, type] }. 422 for other columns.
create function private.sorted_by(list private.list_query, sort text, sortable jsonb)
returns private.list_query
language plpgsql stable set search_path = ''
as $$
begin
  perform private.require_valid(sort ~ '^-?[a-z_]+$' and sortable ? ltrim(sort, '-'), 'sort',
    'is not a sortable field');
  list.sort := sort;
  list.sort_key := sortable -> ltrim(sort, '-') ->> 0;
  list.sort_type := sortable -> ltrim(sort, '-') ->> 1;
  return list;
end
$$;
