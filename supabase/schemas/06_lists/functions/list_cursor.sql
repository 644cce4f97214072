-- Where a page ended, as clients pass it back without looking into it: the order of the list and the last row's value
-- in it and id, in base64url.
create function private.list_cursor(sort text, sort_value text, id uuid)
returns text
language sql immutable set search_path = ''
as $$
  select rtrim(translate(encode(convert_to(jsonb_build_array(sort, sort_value, id)::text, 'UTF8'), 'base64'),
    E'+/\n', '-_'), '=')
$$;

-- The sort value and id that a cursor names. 422 unless the cursor was made for a list in the same order.
create function private.read_cursor(page_cursor text, sort text, sort_type text, out sort_value text, out id uuid)
language plpgsql stable set search_path = ''
as $$
declare
  padded text := rpad(translate(page_cursor, '-_', '+/'), (char_length(page_cursor) + 3) / 4 * 4, '=');
  parts jsonb;
begin
  parts := convert_from(decode(padded, 'base64'), 'UTF8')::jsonb;
  sort_value := parts ->> 1;
  id := (parts ->> 2)::uuid;
  execute format('select %L::%s', sort_value, sort_type);
  perform private.require_valid(parts ->> 0 = sort and sort_value is not null and id is not null, 'cursor',
    'belongs to a list in another order');
exception when data_exception or invalid_text_representation then
  perform private.invalid_field('cursor', 'is not a cursor');
end
$$;

-- The condition on rows, or on what was found of them, that come after the cursor.
create function private.after_cursor(list private.list_query, page_cursor text, sort_key text, id text)
returns text
language plpgsql stable set search_path = ''
as $$
declare
  last_row record;
begin
  if page_cursor is null then
    return '';
  end if;
  last_row := private.read_cursor(page_cursor, list.sort, list.sort_type);
  return format(' and (%s, %s) %s (%L::%s, %L::uuid)', sort_key, id,
    case when list.sort like '-%' then '<' else '>' end, last_row.sort_value, list.sort_type, last_row.id);
end
$$;
