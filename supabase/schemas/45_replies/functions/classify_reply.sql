-- The keyword that a whole reply is: in words, with or without accents, or as one of the symbols that it consists of.
-- asked: whether our last message asks a question.
create function private.matching_keyword(organization_id uuid, own text, forms text[], asked boolean, at date,
  out meaning text, out rule_id uuid)
language plpgsql stable set search_path = ''
as $$
declare
  candidates constant text[] := case when forms[1] = '. .' then string_to_array(own, null)
    else array(select btrim(f, ' .') from unnest(forms) f) end;
begin
  select r.meaning, r.id into meaning, rule_id from public.reply_rules r
  where r.kind = 'keyword' and r.pattern = any (candidates) and not (r.answers_question and asked)
    and (r.organization_id is null or r.organization_id = matching_keyword.organization_id)
    and r.effective_from <= at and (r.effective_to is null or r.effective_to >= at)
  order by array_position(array['stop', 'help', 'start', 'doubtful'], r.meaning), r.organization_id nulls first limit 1;
end
$$;

-- The rules in effect whose literals the reply contains. Few are left, which matters: a backend keeps only the last 32
-- expressions compiled. The system's rules without literals are about other scripts: a reply in ASCII has one form
-- only.
create function private.candidate_phrases(organization_id uuid, forms text[], at date)
returns private.reply_phrase[]
language plpgsql stable set search_path = ''
as $$
declare
  searched constant text[] := array(
    select f || case when position('''' in f) > 0 then replace(f, '''', ''' ') else '' end from unnest(forms) f);
begin
  return array(
    select row(r.id, r.kind, r.meaning, r.pattern, r.as_written, r.organization_id is not null)::private.reply_phrase
    from public.reply_rules r
    where r.kind <> 'keyword' and (r.organization_id is null or r.organization_id = candidate_phrases.organization_id)
      and (searched[1] like any (r.literals) or searched[2] like any (r.literals)
        or r.literals is null and (r.organization_id is not null or cardinality(forms) > 1))
      and r.effective_from <= at and (r.effective_to is null or r.effective_to >= at)
    order by r.id);
end
$$;

-- A form of a reply with its harmless passages taken out, by the system's rules or by an organization's own.
create function private.without_harmless(form text, phrases private.reply_phrase[], by_organization boolean)
returns text
language plpgsql immutable set search_path = ''
as $$
declare
  remaining text := form;
  phrase private.reply_phrase;
begin
  foreach phrase in array phrases loop
    if phrase.kind = 'not_phrase' and phrase.by_organization = without_harmless.by_organization then
      remaining := regexp_replace(remaining, phrase.pattern, ' ~ ', 'g');
    end if;
  end loop;
  return remaining;
end
$$;

-- The first of the phrases with this meaning that a reply matches. What was taken out at its beginning also explains
-- the capitals that a rule for the reply as written looks for.
create function private.first_match(phrases private.reply_phrase[], meaning text, own text, forms text[])
returns uuid
language plpgsql immutable set search_path = ''
as $$
declare
  phrase private.reply_phrase;
begin
  foreach phrase in array phrases loop
    if phrase.kind = 'phrase' and phrase.meaning = first_match.meaning and (case when phrase.as_written
      then own ~ phrase.pattern and forms[1] !~ '^\. *~'
      else forms[1] ~ phrase.pattern or coalesce(forms[2] ~ phrase.pattern, false) end)
    then
      return phrase.id;
    end if;
  end loop;
  return null;
end
$$;

-- The meaning of the phrases in a reply. STOP comes first, so that no rule of an organization can override it: where
-- its own not_phrase matches, a person decides.
create function private.matching_phrase(organization_id uuid, own text, forms text[], at date, out meaning text,
  out rule_id uuid)
language plpgsql stable set search_path = ''
as $$
declare
  phrases constant private.reply_phrase[] := private.candidate_phrases(organization_id, forms, at);
  remaining text[];
  remaining_here text[];
begin
  if not exists (select from unnest(phrases) p where p.kind = 'phrase') then
    return;
  end if;
  remaining := array(select private.without_harmless(f, phrases, false) from unnest(forms) f);
  remaining_here := array(select private.without_harmless(f, phrases, true) from unnest(remaining) f);
  rule_id := private.first_match(phrases, 'stop', own, remaining);
  if rule_id is not null then
    meaning := case when remaining_here = remaining then 'stop' else 'doubtful' end;
    return;
  end if;
  foreach meaning in array array['help', 'start', 'doubtful'] loop
    rule_id := private.first_match(phrases, meaning, own, remaining_here);
    if rule_id is not null then
      return;
    end if;
  end loop;
  meaning := null;
end
$$;

-- What a reply means: stop, start, help, doubtful (needs review) or null; whether a keyword or a phrase said so, and
-- which rule. sent: the last messages to the number, newest first, which the reply may quote or answer.
create function private.classify_reply(organization_id uuid, body text, sent text[] default '{}',
  at date default current_date, out meaning text, out recognized_by text, out rule_id uuid)
language plpgsql stable set search_path = ''
as $$
declare
  own constant text := private.own_words(body, sent);
  normalized text := private.normalized_reply(own);
  forms text[] := array[normalized];
  with_repeats text[];
begin
  if normalized !~ '^[\u0001-\u007F]*$' then
    forms := forms || private.strip_accents(normalized);
  end if;
  select k.meaning, k.rule_id into meaning, rule_id
  from private.matching_keyword(organization_id, own, forms, coalesce(sent[1] like '%?%', false), at) k;
  if meaning is not null then
    recognized_by := 'keyword';
    return;
  end if;
  select i.meaning, i.rule_id into meaning, rule_id from private.copied_instruction(own, forms, sent) i;
  if meaning is not null then
    recognized_by := 'phrase';
    return;
  end if;
  select p.meaning, p.rule_id into meaning, rule_id from private.matching_phrase(organization_id, own, forms, at) p;
  if meaning is not null and sent <> '{}' then
    -- Few replies come so far. What they repeat of our sentences may be all that was found.
    with_repeats := forms;
    forms := array(select private.without_repeated_sentences(f, sent) from unnest(forms) f);
    if forms <> with_repeats then
      select p.meaning, p.rule_id into meaning, rule_id from private.matching_phrase(organization_id, own, forms, at) p;
    end if;
  end if;
  recognized_by := case when meaning is not null then 'phrase' end;
end
$$;
comment on function private.classify_reply is
  'What a reply means by the rules of the system and of the organization in effect on that day.';
