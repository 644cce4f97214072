-- Whether a text says how to opt out. STOP in capitals does, except in a shout ("STOP BY TODAY", "NON-STOP"). The other
-- keywords are everyday words ("END OF SEASON"), as is "stop": they count only where the reader is told to text them.
-- Variables do not count, since most recipients never see their fallback.
create function private.has_opt_out_instructions(body text)
returns boolean
language sql immutable set search_path = ''
as $$
  select t.said ~* '\munsubscribe\M|\mopt.?out\M'
    or t.said ~ ('(?<![[:alnum:]_-])(?<![A-Z]{2} )(STOP|ARRET|ARRÊT)'
      || '(?![[:alnum:]_-])(?! ([A-Z]{2}|(by|in|into|at|over|for|and)\M))')
    or t.said ~* ('\m(reply|respond|answer|text|txt|send|r[eé]pondez|envoyez|responda|responde|env[ií][ae])\M'
      || '( with| back)?[^[:alnum:]]{1,3}'
      || '(stop|end|quit|cancel|arr[eê]t|alto|baja)\M')
    or t.said ~* ('\m(stop|quit|cancel|arr[eê]t|alto|baja)[^[:alnum:]]{0,2}(to|2|=|pour|para)[^[:alnum:]]?'
      || '(end|opt|unsub|cancel|quit|stop|leave|salir|arr[eê]ter)')
  from (select regexp_replace(body, '\{\{[^{}]*\}\}', '~', 'g') as said) t
$$;

-- The normal form of a marketing text. Refuses unknown variables, unpaired braces, links through public shorteners and
-- missing opt-out instructions.
create function private.checked_marketing_text(organization_id uuid, body text, path text default 'body')
returns text
language plpgsql stable set search_path = ''
as $$
declare
  known constant text[] := array['first_name', 'last_name', 'full_name', 'name', 'email', 'phone', 'source', 'region',
    'country', 'organization'];
  fault text;
begin
  fault := case
    when body ~ '\{\{\{|\}\}\}' or regexp_replace(body, '\{\{[^{}]*\}\}', '', 'g') ~ '\{\{|\}\}'
      then 'has braces that do not pair'
    else (
      select 'has unknown variables: ' || string_agg(distinct v.name, ', ')
      from (
        select btrim(split_part(m[1], '|', 1)) as name from regexp_matches(body, '\{\{([^{}]*)\}\}', 'g') m
      ) v
      where v.name <> all (known) and not exists (
        select from public.lead_fields f
        where f.organization_id = checked_marketing_text.organization_id and 'custom.' || f.key = v.name)) end;
  fault := coalesce(fault, private.shortener_fault(body));
  fault := coalesce(fault, case when not private.has_opt_out_instructions(body) then
    'does not say how to opt out, such as "Reply STOP to opt out"' end);
  if fault is not null then
    perform private.problem(422, 'invalid_template', 'The text ' || fault || '.',
      jsonb_build_array(jsonb_build_object('path', path, 'message', fault)));
  end if;
  return regexp_replace(regexp_replace(body, '\{\{\s*([^{}|]*?)\s*\}\}', '{{\1}}', 'g'),
    '\{\{\s*([^{}|]*?)\s*\|\s*([^{}]*?)\s*\}\}', '{{\1|\2}}', 'g');
end
$$;
