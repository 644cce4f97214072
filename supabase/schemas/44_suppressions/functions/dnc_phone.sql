-- The number in a line of a do-not-call file, in E.164: the first field that is one, or an area code and the rest of a
-- number in two fields, as the US national registry has them. A number without + belongs to the list's country. Null:
-- none.
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
    when calling_code = '1' then case when char_length(digits) = 10 then '1' || digits when digits like '1%'
      and char_length(digits) = 11 then digits end
    when digits like '0%' then calling_code || substr(digits, 2)
    when digits like calling_code || '%' and char_length(digits) > char_length(calling_code) + 7 then digits
    when char_length(digits) between 7 and 11 then calling_code || digits end;
  return case when digits ~ '^1' then case when digits ~ '^1[2-9][0-9]{2}[2-9][0-9]{6}$' then '+' || digits end
    when digits ~ '^[2-9][0-9]{7,14}$' then '+' || digits end;
end
$$;
