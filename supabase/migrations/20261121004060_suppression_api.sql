-- Suppressions, the consent ledger and do-not-call lists over the API.

create function private.suppression_json(suppression public.suppressions)
returns jsonb
language sql stable set search_path = ''
as $$
  select to_jsonb(suppression) - 'organization_id' || jsonb_build_object(
    'created_by_name', (select p.full_name from public.profiles p where p.id = suppression.created_by),
    'lifted_by_name', (select p.full_name from public.profiles p where p.id = suppression.lifted_by))
$$;

-- Filters: phone, scope, source, state (active, lifted). Definer: people are named.
create function private.list_suppressions(organization_id uuid, filters jsonb, page_limit integer, page_offset integer)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
  conditions text := format('s.organization_id = %L', organization_id);
  answer jsonb;
begin
  perform private.require_permission(organization_id, 'suppressions:read');
  conditions := concat_ws(' and ', conditions, 's.phone = ' || quote_literal(filters ->> 'phone'),
    's.scope = ' || quote_literal(filters ->> 'scope'), 's.source = ' || quote_literal(filters ->> 'source'),
    case filters ->> 'state' when 'active' then 's.lifted_at is null' when 'lifted' then 's.lifted_at is not null' end);
  execute format($query$
    select jsonb_build_object('total', (select count(*) from public.suppressions s where %1$s), 'rows', coalesce((
      select jsonb_agg(private.suppression_json(p.s) order by (p.s).id desc)
      from (select s from public.suppressions s where %1$s order by s.id desc limit %2$s offset %3$s) p), '[]'))
  $query$, conditions, page_limit, page_offset) into answer;
  return answer;
end
$$;

-- suppression: { phone, scope?, source?: manual | litigator, reason? } → { created, suppression }; a number that is
-- suppressed already stays as it is. Definer: the source litigator is written by functions only.
create function private.create_suppression(organization_id uuid, suppression jsonb)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
#variable_conflict use_column
declare
  answer jsonb;
  wanted constant uuid := private.uuid_v7();
  created public.suppressions;
begin
  perform private.require_permission(organization_id, 'suppressions:write');
  answer := private.replayed_response(organization_id);
  if answer is not null then
    return answer;
  end if;
  -- A litigator is one whatever was known before. In one statement: somebody may be lifting the other just now.
  insert into public.suppressions as s (id, organization_id, phone, scope, source, reason)
  values (wanted, organization_id, suppression ->> 'phone', coalesce(suppression ->> 'scope', 'all'),
    coalesce(suppression ->> 'source', 'manual'), suppression ->> 'reason')
  on conflict (organization_id, phone, scope) where lifted_at is null do update
    set source = case when excluded.source = 'litigator' then 'litigator' else s.source end
  returning * into created;
  return private.remember_response(organization_id,
    jsonb_build_object('created', created.id = wanted, 'suppression', private.suppression_json(created)));
end
$$;

-- Definer: suppressions are changed by functions only.
create function private.lift_suppression(organization_id uuid, suppression_id uuid, reason text)
returns void
language plpgsql security definer set search_path = ''
as $$
declare
  lifted timestamptz;
begin
  perform private.require_permission(organization_id, 'suppressions:write');
  select s.lifted_at into lifted from public.suppressions s
  where s.organization_id = lift_suppression.organization_id and s.id = suppression_id for update;
  if not found then
    perform private.problem(404, 'not_found', 'There is no such suppression.');
  end if;
  if lifted is not null then
    perform private.problem(409, 'already_lifted', 'This suppression was lifted already.');
  end if;
  if coalesce(btrim(reason), '') = '' then
    perform private.problem(422, 'invalid_field', 'Say why the suppression is lifted.', '[{"path": "reason", "message": "is missing"}]');
  end if;
  update public.suppressions s set lifted_at = now(), lifted_by = auth.uid(), lifted_reason = left(btrim(lift_suppression.reason), 500)
  where s.id = suppression_id;
end
$$;

-- Suppresses numbers that the caller has read and found valid: { added, known }. Definer: see create_suppression.
create function private.import_suppressions(organization_id uuid, phones text[], scope text, reason text, answer jsonb)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  replayed jsonb;
  added bigint;
begin
  perform private.require_permission(organization_id, 'suppressions:write');
  replayed := private.replayed_response(organization_id);
  if replayed is not null then
    return replayed;
  end if;
  if cardinality(phones) > 10000 then
    perform private.problem(422, 'invalid_field', 'At most 10,000 numbers at a time.', '[{"path": "numbers", "message": "has more than 10,000"}]');
  end if;
  insert into public.suppressions (organization_id, phone, scope, source, reason)
  select import_suppressions.organization_id, p.phone, import_suppressions.scope, 'import', import_suppressions.reason
  from (select distinct u.phone from unnest(phones) as u (phone)) p order by p.phone
  on conflict do nothing;
  get diagnostics added = row_count;
  return private.remember_response(organization_id,
    answer || jsonb_build_object('added', added, 'known', cardinality(phones) - added));
end
$$;

-- What stands between each number and a marketing text: [{ phone, obstacle, consent, review_id }]. Definer: do-not-call
-- lists are nobody's to read.
create function private.check_numbers(organization_id uuid, phones text[])
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
begin
  perform private.require_permission(organization_id, 'suppressions:read');
  return (
    select coalesce(jsonb_agg(jsonb_build_object('phone', j.phone, 'obstacle', j.obstacle,
      'consent', case when c.id is not null then jsonb_build_object('event', c.event, 'scope', c.scope, 'source', c.source,
        'occurred_at', c.occurred_at) end,
      'review_id', r.id)), '[]')
    from private.judge_numbers(check_numbers.organization_id, phones[1:1000]) j
    left join lateral (
      select x.* from public.consents x
      where x.organization_id = check_numbers.organization_id and x.phone = j.phone and x.channel = 'sms' and not x.outdated
      order by x.id desc limit 1
    ) c on true
    left join public.reply_reviews r
      on r.organization_id = check_numbers.organization_id and r.phone = j.phone and r.status = 'open');
end
$$;

-- Replies that wait for a decision, or were decided, with their words. Definer: people are named.
create function private.list_reply_reviews(organization_id uuid, status text, page_limit integer, page_offset integer)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
begin
  perform private.require_permission(organization_id, 'suppressions:read');
  return jsonb_build_object(
    'total', (
      select count(*) from public.reply_reviews r
      where r.organization_id = list_reply_reviews.organization_id and (list_reply_reviews.status is null or r.status = list_reply_reviews.status)),
    'rows', coalesce((
      select jsonb_agg(jsonb_build_object('id', p.id, 'phone', p.phone, 'message_id', p.message_id, 'text', m.body,
        'status', p.status, 'decided_by', p.decided_by, 'decided_by_name', d.full_name, 'decided_at', p.decided_at,
        'created_at', p.created_at) order by p.id desc)
      from (
        select r.* from public.reply_reviews r
        where r.organization_id = list_reply_reviews.organization_id and (list_reply_reviews.status is null or r.status = list_reply_reviews.status)
        order by r.id desc limit page_limit offset page_offset
      ) p
      left join public.messages m on m.id = p.message_id
      left join public.profiles d on d.id = p.decided_by), '[]'));
end
$$;

create function private.consent_json(consent public.consents)
returns jsonb
language sql stable set search_path = ''
as $$
  select to_jsonb(consent) - 'organization_id' || jsonb_build_object('recorded_by_name',
    (select p.full_name from public.profiles p where p.id = consent.recorded_by))
$$;

-- The ledger of one number, newest first. Definer: people are named, and a number's ledger is whole whoever holds its lead.
create function private.list_consents(organization_id uuid, phone text, page_limit integer, page_offset integer)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
begin
  perform private.require_permission(organization_id, 'consents:read');
  return jsonb_build_object(
    'total', (
      select count(*) from public.consents c where c.organization_id = list_consents.organization_id and c.phone = list_consents.phone),
    'rows', coalesce((
      select jsonb_agg(private.consent_json(p.c) order by (p.c).id desc)
      from (
        select c from public.consents c
        where c.organization_id = list_consents.organization_id and c.phone = list_consents.phone
        order by c.id desc limit page_limit offset page_offset
      ) p), '[]'));
end
$$;

-- consent: { event, phone, channel?, scope?, source, disclosure?, disclosure_version?, act?, ip?, user_agent?, raw_text?,
-- occurred_at, lead_id? }. A revocation suppresses at once. The latest entry counts, so consent that was given before a
-- revocation can no longer be recorded. Definer: the ledger is written by functions only.
create function private.add_consent(organization_id uuid, consent jsonb)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  answer jsonb;
  wanted public.consents := jsonb_populate_record(null::public.consents, consent);
  created public.consents;
  by_text boolean := coalesce(consent ->> 'channel', 'sms') = 'sms';
begin
  perform private.require_permission(organization_id, 'consents:write');
  answer := private.replayed_response(organization_id);
  if answer is not null then
    return answer;
  end if;
  if wanted.lead_id is not null then
    perform private.require_lead(organization_id, wanted.lead_id, 'leads:read');
  end if;
  if wanted.occurred_at > now() + interval '5 minutes' then
    perform private.problem(422, 'invalid_field', 'This has not happened yet.', '[{"path": "occurred_at", "message": "is in the future"}]');
  end if;
  -- The same lock as record_inbound: the number may be speaking for itself just now.
  perform pg_advisory_xact_lock(hashtextextended('reply|' || organization_id || '|' || wanted.phone, 0));
  if wanted.event = 'granted' and exists (
    select from public.consents c
    where c.organization_id = add_consent.organization_id and c.phone = wanted.phone and c.event = 'revoked'
      and c.channel = coalesce(wanted.channel, 'sms') and c.occurred_at >= wanted.occurred_at)
  then
    perform private.problem(409, 'revoked_since', 'The number has revoked its consent since then.');
  end if;
  insert into public.consents (organization_id, lead_id, event, phone, channel, scope, source, disclosure, disclosure_version, act,
    ip, user_agent, raw_text, recognized_by, occurred_at, honored_at, recorded_by)
  values (organization_id, wanted.lead_id, wanted.event, wanted.phone, coalesce(wanted.channel, 'sms'),
    coalesce(wanted.scope, case wanted.event when 'revoked' then 'all' else 'marketing' end), wanted.source, wanted.disclosure,
    wanted.disclosure_version, wanted.act, wanted.ip, wanted.user_agent, wanted.raw_text,
    case wanted.event when 'revoked' then 'person' end, wanted.occurred_at,
    case wanted.event when 'revoked' then clock_timestamp() end, auth.uid())
  returning * into created;
  if created.event = 'revoked' and by_text then
    insert into public.suppressions (organization_id, phone, scope, source, reason)
    values (organization_id, created.phone, created.scope, 'manual', left('Revoked consent: ' || created.source, 500))
    on conflict do nothing;
    perform private.close_reviews(organization_id, created.phone, 'opt_out', auth.uid());
  end if;
  return private.remember_response(organization_id, private.consent_json(created) || jsonb_build_object('suppressed', exists (
    select from public.suppressions s
    where s.organization_id = add_consent.organization_id and s.phone = created.phone and s.lifted_at is null)));
end
$$;

create function private.dnc_list_json(list public.dnc_lists)
returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object('id', list.id, 'name', list.name, 'kind', list.kind, 'status', list.status,
    'calling_code', list.calling_code, 'numbers', list.numbers, 'invalid', list.invalid, 'progress', case when list.status = 'active' then 1
      else round(list.next_position::numeric / greatest(list.pieces, 1), 3) end, 'error', list.error,
    'created_by', list.created_by, 'created_by_name', (select p.full_name from public.profiles p where p.id = list.created_by),
    'created_at', list.created_at, 'updated_at', list.updated_at)
$$;

-- Definer: people are named.
create function private.list_dnc_lists(organization_id uuid, page_limit integer, page_offset integer)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
begin
  perform private.require_permission(organization_id, 'suppressions:read');
  return jsonb_build_object(
    'total', (
      select count(*) from public.dnc_lists l
      where l.organization_id = list_dnc_lists.organization_id and l.sealed and l.status <> 'deleting'),
    'rows', coalesce((
      select jsonb_agg(private.dnc_list_json(p.l) order by (p.l).id desc)
      from (
        select l from public.dnc_lists l
        where l.organization_id = list_dnc_lists.organization_id and l.sealed and l.status <> 'deleting'
        order by l.id desc limit page_limit offset page_offset
      ) p), '[]'));
end
$$;

-- The list as its file is being uploaded: { list_id }, or { replayed }. list: { name, kind, calling_code }.
-- Definer: lists are written by functions only.
create function private.begin_dnc_list(organization_id uuid, list jsonb)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  answer jsonb;
  created uuid;
begin
  perform private.require_permission(organization_id, 'suppressions:write');
  answer := private.replayed_response(organization_id);
  if answer is not null then
    return jsonb_build_object('replayed', answer);
  end if;
  perform pg_advisory_xact_lock(hashtextextended('dnc|' || organization_id, 0));
  if (select count(*) from public.dnc_lists l where l.organization_id = begin_dnc_list.organization_id) >= 50 then
    perform private.problem(409, 'too_many_lists', 'An organization has at most 50 lists. Delete one of them.');
  end if;
  if exists (
    select from public.dnc_lists l
    where l.organization_id = begin_dnc_list.organization_id and l.name = btrim(list ->> 'name')) then
    perform private.problem(409, 'already_exists', 'There is a list of this name already.');
  end if;
  insert into public.dnc_lists (organization_id, name, kind, calling_code, created_by)
  values (organization_id, btrim(list ->> 'name'), list ->> 'kind', list ->> 'calling_code', auth.uid())
  returning id into created;
  return jsonb_build_object('list_id', created);
end
$$;

create function private.require_open_list(organization_id uuid, list_id uuid)
returns public.dnc_lists
language plpgsql set search_path = ''
as $$
declare
  list public.dnc_lists;
begin
  perform private.require_permission(organization_id, 'suppressions:write');
  select * into list from public.dnc_lists l
  where l.organization_id = require_open_list.organization_id and l.id = list_id and not l.sealed and l.created_by = auth.uid()
  for update;
  if list.id is null then
    perform private.problem(404, 'not_found', 'There is no such list.');
  end if;
  return list;
end
$$;

-- Definer: see begin_dnc_list.
create function private.add_dnc_pieces(organization_id uuid, list_id uuid, pieces text[])
returns void
language plpgsql security definer set search_path = ''
as $$
declare
  list public.dnc_lists := private.require_open_list(organization_id, list_id);
begin
  insert into private.dnc_pieces (organization_id, list_id, "position", content)
  select list.organization_id, list.id, list.pieces + p.place - 1, p.content from unnest(pieces) with ordinality as p (content, place);
  update public.dnc_lists l
  set pieces = l.pieces + cardinality(add_dnc_pieces.pieces),
    size_bytes = l.size_bytes + (select coalesce(sum(octet_length(p)), 0) from unnest(add_dnc_pieces.pieces) p)
  where l.id = list.id returning * into list;
  if list.size_bytes > 52500000 then
    perform private.problem(413, 'too_large', 'The file is larger than 50 MB.');
  end if;
end
$$;

-- All of the file is here: its import begins. Definer: see begin_dnc_list.
create function private.seal_dnc_list(organization_id uuid, list_id uuid)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  list public.dnc_lists := private.require_open_list(organization_id, list_id);
begin
  if list.pieces = 0 then
    perform private.problem(422, 'invalid_field', 'The file is empty.', '[{"path": "file", "message": "is empty"}]');
  end if;
  update public.dnc_lists l set sealed = true where l.id = list.id returning * into list;
  perform private.invoke('jobs/import-dnc');
  return private.remember_response(organization_id, private.dnc_list_json(list));
end
$$;

-- Definer: see begin_dnc_list.
create function private.discard_dnc_list(organization_id uuid, list_id uuid)
returns void
language plpgsql security definer set search_path = ''
as $$
declare
  list public.dnc_lists := private.require_open_list(organization_id, list_id);
begin
  delete from public.dnc_lists l where l.id = list.id;
end
$$;

-- A list of a million numbers goes in slices, by the job; from this moment it forbids nothing. Definer: see begin_dnc_list.
create function private.delete_dnc_list(organization_id uuid, list_id uuid)
returns void
language plpgsql security definer set search_path = ''
as $$
begin
  perform private.require_permission(organization_id, 'suppressions:write');
  update public.dnc_lists l set status = 'deleting', name = left(l.name, 60) || ' ' || l.id
  where l.organization_id = delete_dnc_list.organization_id and l.id = delete_dnc_list.list_id and l.sealed and l.status <> 'deleting';
  if not found then
    perform private.problem(404, 'not_found', 'There is no such list.');
  end if;
  perform private.invoke('jobs/import-dnc');
end
$$;

-- Numbers of a registry's lines: the first field that is one, or an area code and the rest of a number in two fields, as
-- the national registry has them. A number without + is one of the list's country. null: no number in the line.
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
    when calling_code = '1' then case when char_length(digits) = 10 then '1' || digits when digits like '1%' and char_length(digits) = 11 then digits end
    when digits like '0%' then calling_code || substr(digits, 2)
    when digits like calling_code || '%' and char_length(digits) > char_length(calling_code) + 7 then digits
    when char_length(digits) between 7 and 11 then calling_code || digits end;
  return case when digits ~ '^1' then case when digits ~ '^1[2-9][0-9]{2}[2-9][0-9]{6}$' then '+' || digits end
    when digits ~ '^[2-9][0-9]{7,14}$' then '+' || digits end;
end
$$;

-- One slice of work on the lists of all organizations: a piece of a file comes in, or some numbers of a deleted list go.
-- A slice is a transaction: killed half-way, it never was. { list_id, state } or null where nothing is to be done.
-- Definer: the service role may not write these tables.
create function private.import_dnc_slice()
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  list public.dnc_lists;
  text_of_piece text;
  lines bigint;
  valid bigint;
  added bigint;
begin
  select * into list from public.dnc_lists l
  where l.sealed and l.status in ('importing', 'deleting') order by l.updated_at limit 1 for update skip locked;
  if list.id is null then
    return null;
  end if;
  if list.status = 'deleting' then
    -- By place: what the planner knows of a list that came in a moment ago would make a join of it that never ends.
    delete from private.dnc_numbers d where d.ctid = any (array(
      select x.ctid from private.dnc_numbers x where x.organization_id = list.organization_id and x.list_id = list.id limit 20000));
    if not found then
      delete from public.dnc_lists l where l.id = list.id;
      return jsonb_build_object('list_id', list.id, 'state', 'deleted');
    end if;
    update public.dnc_lists l set updated_at = now() where l.id = list.id;
    return jsonb_build_object('list_id', list.id, 'state', 'deleting');
  end if;
  delete from private.dnc_pieces p
  where p.organization_id = list.organization_id and p.list_id = list.id and p."position" = list.next_position
  returning p.content into text_of_piece;
  with read as materialized (
    select private.dnc_phone(l.line, list.calling_code) as phone from regexp_split_to_table(text_of_piece, '\r\n|\r|\n') as l (line)
    where l.line ~ '[^\s]'
  ), put as (
    insert into private.dnc_numbers (organization_id, phone, list_id)
    select distinct list.organization_id, r.phone, list.id from read r where r.phone is not null order by 2
    on conflict on constraint dnc_numbers_pkey do nothing
    returning 1
  )
  select (select count(*) from read), (select count(*) from read r where r.phone is not null), (select count(*) from put)
  into lines, valid, added;
  -- A first line without a number is a header.
  if list.next_position = 0 and private.dnc_phone(split_part(text_of_piece, E'\n', 1), list.calling_code) is null then
    lines := greatest(lines - 1, valid);
  end if;
  update public.dnc_lists l
  set numbers = l.numbers + added, invalid = l.invalid + lines - valid, next_position = l.next_position + 1,
    status = case when l.next_position + 1 < l.pieces then 'importing' when l.numbers + added > 0 then 'active' else 'failed' end,
    error = case when l.next_position + 1 >= l.pieces and l.numbers + added = 0 then 'No phone number was found in the file.' end
  where l.id = list.id
  returning * into list;
  return jsonb_build_object('list_id', list.id, 'state', list.status);
end
$$;

-- Files whose upload broke off go after an hour; lists that wait are worked on.
create function private.tend_dnc_lists()
returns void
language plpgsql set search_path = ''
as $$
begin
  delete from public.dnc_lists l where not l.sealed and l.updated_at < now() - interval '1 hour';
  if exists (select from public.dnc_lists l where l.sealed and l.status in ('importing', 'deleting')) then
    perform private.invoke('jobs/import-dnc');
  end if;
end
$$;
select cron.schedule('import-dnc', '* * * * *', $$select private.tend_dnc_lists()$$);

create function public.list_suppressions(organization_id uuid, filters jsonb default '{}', page_limit integer default 50, page_offset integer default 0)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.list_suppressions(organization_id, filters, page_limit, page_offset)
$$;
comment on function public.list_suppressions is 'A page of suppressions, lifted ones too.';

create function public.create_suppression(organization_id uuid, suppression jsonb)
returns jsonb
language sql set search_path = ''
as $$
  select private.create_suppression(organization_id, suppression)
$$;
comment on function public.create_suppression is 'Suppresses a number.';

create function public.lift_suppression(organization_id uuid, suppression_id uuid, reason text)
returns void
language sql set search_path = ''
as $$
  select private.lift_suppression(organization_id, suppression_id, reason)
$$;
comment on function public.lift_suppression is 'Lifts a suppression; it stays as history.';

create function public.import_suppressions(organization_id uuid, phones text[], scope text, reason text, answer jsonb)
returns jsonb
language sql set search_path = ''
as $$
  select private.import_suppressions(organization_id, phones, scope, reason, answer)
$$;
comment on function public.import_suppressions is 'Suppresses many numbers.';

create function public.check_numbers(organization_id uuid, phones text[])
returns jsonb
language sql stable set search_path = ''
as $$
  select private.check_numbers(organization_id, phones)
$$;
comment on function public.check_numbers is 'What stands between each number and a marketing text.';

create function public.list_reply_reviews(organization_id uuid, status text default null, page_limit integer default 50, page_offset integer default 0)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.list_reply_reviews(organization_id, status, page_limit, page_offset)
$$;
comment on function public.list_reply_reviews is 'Replies that may be an opt-out, with their words.';

create function public.list_consents(organization_id uuid, phone text, page_limit integer default 50, page_offset integer default 0)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.list_consents(organization_id, phone, page_limit, page_offset)
$$;
comment on function public.list_consents is 'The consent ledger of a number.';

create function public.add_consent(organization_id uuid, consent jsonb)
returns jsonb
language sql set search_path = ''
as $$
  select private.add_consent(organization_id, consent)
$$;
comment on function public.add_consent is 'Records consent or its revocation by hand.';

create function public.list_dnc_lists(organization_id uuid, page_limit integer default 50, page_offset integer default 0)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.list_dnc_lists(organization_id, page_limit, page_offset)
$$;
comment on function public.list_dnc_lists is 'The organization''s do-not-call lists.';

create function public.begin_dnc_list(organization_id uuid, list jsonb)
returns jsonb
language sql set search_path = ''
as $$
  select private.begin_dnc_list(organization_id, list)
$$;
comment on function public.begin_dnc_list is 'A list whose file begins to come in.';

create function public.add_dnc_pieces(organization_id uuid, list_id uuid, pieces text[])
returns void
language sql set search_path = ''
as $$
  select private.add_dnc_pieces(organization_id, list_id, pieces)
$$;
comment on function public.add_dnc_pieces is 'The next pieces of a list''s file.';

create function public.seal_dnc_list(organization_id uuid, list_id uuid)
returns jsonb
language sql set search_path = ''
as $$
  select private.seal_dnc_list(organization_id, list_id)
$$;
comment on function public.seal_dnc_list is 'Ends the upload of a list and starts its import.';

create function public.discard_dnc_list(organization_id uuid, list_id uuid)
returns void
language sql set search_path = ''
as $$
  select private.discard_dnc_list(organization_id, list_id)
$$;
comment on function public.discard_dnc_list is 'Throws away a list whose file broke off.';

create function public.delete_dnc_list(organization_id uuid, list_id uuid)
returns void
language sql set search_path = ''
as $$
  select private.delete_dnc_list(organization_id, list_id)
$$;
comment on function public.delete_dnc_list is 'Deletes a do-not-call list; it forbids nothing from then on.';

create function public.import_dnc_slice()
returns jsonb
language sql set search_path = ''
as $$
  select private.import_dnc_slice()
$$;
comment on function public.import_dnc_slice is 'One slice of work on do-not-call lists: a piece comes in, or a deleted list goes.';

grant execute on function private.list_suppressions(uuid, jsonb, integer, integer), private.create_suppression(uuid, jsonb),
  private.lift_suppression(uuid, uuid, text), private.import_suppressions(uuid, text[], text, text, jsonb),
  private.check_numbers(uuid, text[]), private.list_reply_reviews(uuid, text, integer, integer),
  private.list_consents(uuid, text, integer, integer), private.add_consent(uuid, jsonb),
  private.list_dnc_lists(uuid, integer, integer), private.begin_dnc_list(uuid, jsonb),
  private.add_dnc_pieces(uuid, uuid, text[]), private.seal_dnc_list(uuid, uuid), private.discard_dnc_list(uuid, uuid),
  private.delete_dnc_list(uuid, uuid)
to authenticated;
grant execute on function public.list_suppressions(uuid, jsonb, integer, integer), public.create_suppression(uuid, jsonb),
  public.lift_suppression(uuid, uuid, text), public.import_suppressions(uuid, text[], text, text, jsonb),
  public.check_numbers(uuid, text[]), public.list_reply_reviews(uuid, text, integer, integer),
  public.list_consents(uuid, text, integer, integer), public.add_consent(uuid, jsonb),
  public.list_dnc_lists(uuid, integer, integer), public.begin_dnc_list(uuid, jsonb),
  public.add_dnc_pieces(uuid, uuid, text[]), public.seal_dnc_list(uuid, uuid), public.discard_dnc_list(uuid, uuid),
  public.delete_dnc_list(uuid, uuid)
to authenticated;
grant execute on function private.import_dnc_slice(), public.import_dnc_slice() to service_role;
