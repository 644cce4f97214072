-- Suppressions, reviews of replies and the consent ledger over the API.

-- An organization may have imported a million: a number's history, and the few of a rare source, are found without reading all.
create index suppressions_of_phone on public.suppressions (organization_id, phone, id desc);
create index suppressions_of_source on public.suppressions (organization_id, source, id desc);

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
        'last_text', l.body, 'status', p.status, 'decided_by', p.decided_by, 'decided_by_name', d.full_name, 'decided_at', p.decided_at,
        'created_at', p.created_at) order by p.id desc)
      from (
        select r.* from public.reply_reviews r
        where r.organization_id = list_reply_reviews.organization_id and (list_reply_reviews.status is null or r.status = list_reply_reviews.status)
        order by r.id desc limit page_limit offset page_offset
      ) p
      left join public.messages m on m.id = p.message_id
      left join public.messages l on l.id = p.last_message_id
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

grant execute on function private.list_suppressions(uuid, jsonb, integer, integer),
  private.create_suppression(uuid, jsonb),
  private.lift_suppression(uuid, uuid, text),
  private.import_suppressions(uuid, text[], text, text, jsonb),
  private.check_numbers(uuid, text[]),
  private.list_reply_reviews(uuid, text, integer, integer),
  private.list_consents(uuid, text, integer, integer),
  private.add_consent(uuid, jsonb)
to authenticated;
grant execute on function public.list_suppressions(uuid, jsonb, integer, integer),
  public.create_suppression(uuid, jsonb),
  public.lift_suppression(uuid, uuid, text),
  public.import_suppressions(uuid, text[], text, text, jsonb),
  public.check_numbers(uuid, text[]),
  public.list_reply_reviews(uuid, text, integer, integer),
  public.list_consents(uuid, text, integer, integer),
  public.add_consent(uuid, jsonb)
to authenticated;
