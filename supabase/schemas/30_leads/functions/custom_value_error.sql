-- Why a JSON value does not fit a lead field; null when it does. Dates are checked without a cast, which depends on
-- settings and can fail. In plpgsql, which evaluates such expressions without starting an executor.
create function private.custom_value_error(type text, choices jsonb, value jsonb)
returns text
language plpgsql immutable parallel safe set search_path = ''
as $$
declare
  json_type text := jsonb_typeof(value);
  value_text text := value #>> '{}';
begin
  case type
    when 'text' then
      return case when json_type <> 'string' then 'must be a text'
        when char_length(value_text) > 5000 then 'must have at most 5000 characters'
        when not private.is_multiline(value_text) then 'must not have control characters' end;
    when 'number' then
      return case when json_type <> 'number' then 'must be a number'
        when abs(value_text::numeric) >= 1e15 then 'must be smaller than 1,000,000,000,000,000' end;
    when 'boolean' then
      return case when json_type <> 'boolean' then 'must be true or false' end;
    when 'date' then
      if json_type = 'string' and value_text ~ '^[12][0-9]{3}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$'
        and (right(value_text, 2)::integer <= 28 or right(value_text, 2)::integer <= extract(day from
          make_date(left(value_text, 4)::integer, substr(value_text, 6, 2)::integer,
            1) + interval '1 month' - interval '1 day')) then
        return null;
      end if;
      return 'must be a date such as 2026-11-21';
    when 'choice' then
      return case when json_type <> 'string' or not choices @> value then 'must be one of the field''s choices' end;
    when 'choices' then
      return case when json_type <> 'array' or not choices @> value then 'must be a list of the field''s choices' end;
  end case;
  return null;
end
$$;
comment on function private.custom_value_error is 'Null when the value fits the field, else the error message.';
