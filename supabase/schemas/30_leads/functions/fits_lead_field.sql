-- Whether a JSON value fits a field. Dates are judged without being cast: a cast depends on settings and can fail.
-- In plpgsql, which evaluates such expressions without starting an executor.
create function private.fits_lead_field(type text, choices jsonb, value jsonb)
returns text
language plpgsql immutable parallel safe set search_path = ''
as $$
declare
  kind text := jsonb_typeof(value);
  plain text := value #>> '{}';
begin
  case type
    when 'text' then
      return case when kind <> 'string' then 'must be a text'
        when char_length(plain) > 5000 then 'must have at most 5000 characters' end;
    when 'number' then
      return case when kind <> 'number' then 'must be a number'
        when abs(plain::numeric) >= 1e15 then 'must be smaller than 1,000,000,000,000,000' end;
    when 'boolean' then
      return case when kind <> 'boolean' then 'must be true or false' end;
    when 'date' then
      if kind = 'string' and plain ~ '^[12][0-9]{3}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$'
        and (right(plain, 2)::integer <= 28 or right(plain, 2)::integer <= extract(day from
          make_date(left(plain, 4)::integer, substr(plain, 6, 2)::integer, 1) + interval '1 month' - interval '1 day')) then
        return null;
      end if;
      return 'must be a date such as 2026-11-21';
    when 'choice' then
      return case when kind <> 'string' or not choices @> value then 'must be one of the field''s choices' end;
    when 'choices' then
      return case when kind <> 'array' or not choices @> value then 'must be a list of the field''s choices' end;
  end case;
  return null;
end
$$;
comment on function private.fits_lead_field is 'Null when the value fits, else what it must be.';
