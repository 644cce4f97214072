-- A marketing text in its normal form with its variables filled in: {{first_name|there}} takes the fallback where the
-- value is missing or blank. Null when a variable without fallback has no value: such a message is not sent. Values are
-- never read as templates.
create function private.render_template_text(body text, variables jsonb)
returns text
language plpgsql immutable set search_path = ''
as $$
declare
  parts text[] := string_to_array(body, '{{');
  answer text := parts[1];
  inside text;
  value text;
begin
  -- Each part but the first begins right after a "{{".
  for i in 2..cardinality(parts) loop
    inside := split_part(parts[i], '}}', 1);
    value := coalesce(case when variables ->> split_part(inside, '|', 1) ~ '\S'
      then variables ->> split_part(inside, '|', 1) end, case when position('|' in inside) > 0
      then substr(inside, position('|' in inside) + 1) end);
    if value is null then
      return null;
    end if;
    answer := answer || value || substr(parts[i], char_length(inside) + 3);
  end loop;
  return answer;
end
$$;
