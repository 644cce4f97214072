-- What a reply means: stop, start, help, doubtful (needs review) or null; whether a keyword or a phrase said so, and
-- which rule. STOP comes first, so that no rule of an organization can override it. The patterns of a kind are joined
-- into one expression, which the backend compiles once; only when it matches are they tried one by one.
create function private.classify_reply(organization_id uuid, body text, at date default current_date,
  out meaning text, out recognized_by text, out rule_id uuid)
language plpgsql stable set search_path = ''
as $$
declare
  normalized text := private.normalized_reply(body);
  form text;
  forms text[];
  whole_forms text[];
  parts text;
  has_part boolean;
  rules record;
  matched text;
  overruled boolean := false;
begin
  if normalized = '. .' then
    return;
  end if;
  forms := case when normalized ~ '^[\u0001-\u007F]*$' then array[normalized]
    else array[normalized, private.strip_accents(normalized)] end;
  whole_forms := array(select btrim(f, ' .') from unnest(forms) f);
  select r.meaning, 'keyword', r.id into meaning, recognized_by, rule_id
  from public.reply_rules r
  where r.kind = 'keyword' and r.pattern = any (whole_forms)
    and (r.organization_id is null or r.organization_id = classify_reply.organization_id)
    and r.effective_from <= at and (r.effective_to is null or r.effective_to >= at)
  order by array_position(array['stop', 'help', 'start', 'doubtful'], r.meaning), r.organization_id nulls first limit 1;
  if meaning is not null then
    return;
  end if;
  -- Matching all phrases takes a millisecond or more; most replies contain no required part of any of them.
  select string_agg(distinct r.part, '|') into parts from public.reply_rules r
  where r.kind = 'phrase' and (r.organization_id is null or r.organization_id = classify_reply.organization_id)
    and r.effective_from <= at and (r.effective_to is null or r.effective_to >= at);
  has_part := exists (select from unnest(forms) f where f ~ parts);
  select string_agg('(?:' || r.pattern || ')', '|' order by r.id) filter (where r.kind = 'phrase'
    and r.meaning = 'stop') as stop, string_agg('(?:' || r.pattern || ')', '|'
    order by r.id) filter (where r.kind = 'phrase' and r.meaning = 'doubtful') as doubtful,
    string_agg('(?:' || r.pattern || ')', '|' order by r.id) filter (where r.kind = 'phrase'
      and r.meaning in ('help', 'start')) as other,
    string_agg('(?:' || r.pattern || ')', '|' order by r.id) filter (where r.kind = 'not_phrase'
      and r.organization_id is null) as not_this,
    string_agg('(?:' || r.pattern || ')', '|' order by r.id) filter (where r.kind = 'not_phrase'
      and r.organization_id is not null) as not_here
  into rules from public.reply_rules r
  where r.kind <> 'keyword' and (has_part or r.part is null)
    and (r.organization_id is null or r.organization_id = classify_reply.organization_id)
    and r.effective_from <= at and (r.effective_to is null or r.effective_to >= at);

  foreach form in array forms loop
    if form ~ rules.stop then
      -- Harmless passages are removed; what remains decides.
      matched := regexp_replace(form, rules.not_this, ' ~ ', 'g');
      if matched ~ rules.stop then
        meaning := 'stop';
        if rules.not_here is not null and form ~ rules.not_here then
          overruled := true;
          meaning := 'doubtful';
        end if;
        exit;
      end if;
    end if;
  end loop;
  if meaning is null and rules.other is not null then
    select r.meaning, f.form into meaning, matched
    from unnest(forms) as f (form), public.reply_rules r
    where f.form ~ rules.other and r.kind = 'phrase' and r.meaning in ('help', 'start') and f.form ~ r.pattern
      and (r.organization_id is null or r.organization_id = classify_reply.organization_id)
      and r.effective_from <= at and (r.effective_to is null or r.effective_to >= at)
    order by r.meaning limit 1;
  end if;
  if meaning is null then
    foreach form in array forms loop
      if form ~ rules.doubtful then
        matched := regexp_replace(form, concat_ws('|', rules.not_this, rules.not_here), ' ~ ', 'g');
        if matched ~ rules.doubtful then
          meaning := 'doubtful';
          exit;
        end if;
      end if;
    end loop;
  end if;
  if meaning is not null then
    recognized_by := 'phrase';
    -- One by one up to the first match, because each has to be compiled.
    rule_id := (
      select o.id from (
        select r.id, r.pattern from public.reply_rules r
        where r.kind = 'phrase' and r.meaning = case when overruled then 'stop' else classify_reply.meaning end
          and (r.organization_id is null or r.organization_id = classify_reply.organization_id)
          and r.effective_from <= at and (r.effective_to is null or r.effective_to >= at)
        order by r.id offset 0
      ) o where matched ~ o.pattern limit 1);
  end if;
end
$$;
comment on function private.classify_reply is
  'What a reply means by the rules of the system and of the organization in effect on that day.';
