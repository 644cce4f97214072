-- The text that a search of leads looks in: name, e-mail address, phone and the texts and choices of custom fields. JSON
-- without escapes is taken as it is, because taking it apart costs more than the rest of writing a lead.
create function private.lead_search_text(full_name text, email text, phone text, custom_fields jsonb)
returns text
language plpgsql immutable parallel safe set search_path = ''
as $$
declare
  texts text;
begin
  if custom_fields <> '{}' then
    texts := jsonb_path_query_array(custom_fields, '$.* ? (@.type() == "string")');
    if strpos(texts, '\') > 0 then
      texts := (select string_agg(v #>> '{}', ' ')
        from jsonb_path_query(custom_fields, '$.* ? (@.type() == "string")') v);
    end if;
  end if;
  return private.search_fold(concat_ws(' ', full_name, email, phone, texts));
end
$$;
grant execute on function private.lead_search_text(text, text, text, jsonb) to authenticated, service_role;
