-- An estimate of the cost of a pattern: its length, multiplied by its counted repetitions.
create function private.pattern_weight(pattern text)
returns numeric
language sql immutable set search_path = ''
as $$
  select char_length(pattern) * least(1e9,
    exp(coalesce(sum(ln(greatest(1, least(m[1]::numeric, 1000), least(nullif(m[2], '')::numeric, 1000)))), 0)))
  from regexp_matches(pattern, '\{([0-9]{1,9})(?:,([0-9]{0,9}))?\}', 'g') m
$$;

-- An invalid or extremely slow rule would block every reply of its organization.
create function private.check_reply_rule()
returns trigger
language plpgsql set search_path = ''
as $$
begin
  -- What follows costs more than in proportion to the length.
  perform private.require_valid(new.organization_id is null or char_length(new.pattern) between 1 and 1000, 'pattern',
    'must have 1 to 1,000 characters');
  if new.kind = 'keyword' then
    new.pattern := coalesce(nullif(btrim(private.normalized_reply(new.pattern), ' .'), ''),
      substring(new.pattern, '[\u2300-\u27BF\U0001F300-\U0001FAFF]'));
    if new.pattern is null then
      perform private.problem(422, 'invalid_field', 'The keyword has neither letters nor a symbol.',
        '[{"path": "pattern", "message": "has neither letters nor a symbol"}]');
    end if;
    return new;
  end if;
  if new.organization_id is not null and new.pattern ~ '^\*\*\*|^\(\?[^:=!<]' then
    perform private.problem(422, 'invalid_field', 'A pattern may not choose another syntax.',
      '[{"path": "pattern", "message": "begins with options"}]');
  end if;
  if new.pattern ~ '\\[1-9]' then
    perform private.problem(422, 'invalid_field', 'A pattern may not contain back references.',
      '[{"path": "pattern", "message": "has a back reference"}]');
  end if;
  if new.organization_id is not null and (private.pattern_weight(new.pattern) > 10000
    or private.pattern_weight(new.pattern) + (
      select coalesce(sum(private.pattern_weight(r.pattern)), 0) from public.reply_rules r
      where r.organization_id = new.organization_id and r.kind <> 'keyword' and r.id <> new.id) > 20000)
  then
    perform private.problem(422, 'rules_too_complex',
      'The pattern is too complex, alone or together with the other rules.',
      '[{"path": "pattern", "message": "is too complex"}]');
  end if;
  begin
    if '' ~ new.pattern then
      perform private.problem(422, 'invalid_field', 'The pattern matches an empty reply.',
        '[{"path": "pattern", "message": "matches everything"}]');
    end if;
  exception when invalid_regular_expression then
    perform private.problem(422, 'invalid_field', 'The pattern is not a regular expression.',
      '[{"path": "pattern", "message": "is not a regular expression"}]');
  end;
  new.literals := (
    select array_agg('%' || regexp_replace(lower(l), '([\\%_])', '\\\1', 'g') || '%')
    from unnest(private.required_literals(new.pattern)) l);
  return new;
end
$$;
