-- What people decide: about doubtful replies, and which words of the organization's own are understood.

-- A person's judgement of a doubtful reply: opt_out or dismissed. The same again changes nothing; another is refused.
-- Definer: suppressions, the ledger and messages are written by functions only.
create function private.decide_reply_review(organization_id uuid, review_id uuid, decision text)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  review public.reply_reviews;
  message public.messages;
  account public.sms_accounts;
begin
  perform private.require_permission(organization_id, 'suppressions:write');
  if decision is null or decision not in ('opt_out', 'dismissed') then
    perform private.problem(422, 'invalid_field', 'A decision is opt_out or dismissed.',
      '[{"path": "decision", "message": "is opt_out or dismissed"}]');
  end if;
  select * into review from public.reply_reviews r
  where r.organization_id = decide_reply_review.organization_id and r.id = review_id;
  if review is null then
    perform private.problem(404, 'not_found', 'There is no such review.');
  end if;
  -- The same lock as record_inbound: the number may be speaking for itself just now.
  perform pg_advisory_xact_lock(hashtextextended('reply|' || organization_id || '|' || review.phone, 0));
  select * into review from public.reply_reviews r where r.id = review_id for update;
  if review.status = 'open' then
    if decision = 'opt_out' then
      select * into message from public.messages m where m.id = review.message_id;
      insert into public.suppressions (organization_id, phone, scope, source, reason)
      values (organization_id, review.phone, 'all', 'reply', 'Replied, and a person understood: ' || left(coalesce(message.body, '?'), 100))
      on conflict do nothing;
      if found and message.created_at > now() - interval '5 minutes' then
        select * into account from public.sms_accounts a where a.id = message.account_id;
        perform private.answer_reply(account, review.phone, 'opt_out_confirmation', message.customer_id, message.lead_id,
          message.created_at + interval '5 minutes');
      end if;
      if message.id is not null then
        perform private.record_consent(message, 'revoked', 'person', review.rule_id, auth.uid());
      end if;
    end if;
    perform private.close_reviews(organization_id, review.phone, decision, auth.uid());
    select * into review from public.reply_reviews r where r.id = review_id;
  elsif review.status <> decision then
    perform private.problem(409, 'already_decided', 'This has been decided otherwise.');
  end if;
  return jsonb_build_object('id', review.id, 'phone', review.phone, 'message_id', review.message_id, 'status', review.status,
    'decided_by', review.decided_by, 'decided_at', review.decided_at, 'created_at', review.created_at);
end
$$;

create function public.decide_reply_review(organization_id uuid, review_id uuid, decision text)
returns jsonb
language sql set search_path = ''
as $$
  select private.decide_reply_review(organization_id, review_id, decision)
$$;
comment on function public.decide_reply_review is 'A person decides whether a doubtful reply was an opt-out: opt_out or dismissed.';

-- An organization's own words: rule { kind, meaning, language?, pattern, source?, effective_from?, effective_to? }.
-- Definer: rules are written by functions only.
create function private.create_reply_rule(organization_id uuid, rule jsonb)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  answer jsonb;
  created public.reply_rules;
begin
  perform private.require_permission(organization_id, 'suppressions:write');
  answer := private.replayed_response(organization_id);
  if answer is not null then
    return answer;
  end if;
  perform pg_advisory_xact_lock(hashtextextended('reply_rules|' || organization_id, 0));
  if (select count(*) from public.reply_rules r where r.organization_id = create_reply_rule.organization_id) >= 500 then
    perform private.problem(422, 'too_many_rules', 'An organization has at most 500 rules of its own.');
  end if;
  insert into public.reply_rules (organization_id, kind, meaning, language, pattern, source, effective_from, effective_to)
  values (organization_id, rule ->> 'kind', rule ->> 'meaning', coalesce(rule ->> 'language', 'en'), rule ->> 'pattern',
    coalesce(rule ->> 'source', 'The organization'), coalesce((rule ->> 'effective_from')::date, current_date),
    (rule ->> 'effective_to')::date)
  returning * into created;
  return private.remember_response(organization_id, to_jsonb(created));
end
$$;

create function public.create_reply_rule(organization_id uuid, rule jsonb)
returns jsonb
language sql set search_path = ''
as $$
  select private.create_reply_rule(organization_id, rule)
$$;
comment on function public.create_reply_rule is 'Adds a word or a pattern of the organization''s own to what is understood.';

-- Definer: as create_reply_rule.
create function private.delete_reply_rule(organization_id uuid, rule_id uuid)
returns void
language plpgsql security definer set search_path = ''
as $$
begin
  perform private.require_permission(organization_id, 'suppressions:write');
  delete from public.reply_rules r where r.organization_id = delete_reply_rule.organization_id and r.id = delete_reply_rule.rule_id;
  if not found then
    perform private.problem(404, 'not_found', 'The organization has no such rule.');
  end if;
end
$$;

create function public.delete_reply_rule(organization_id uuid, rule_id uuid)
returns void
language sql set search_path = ''
as $$
  select private.delete_reply_rule(organization_id, rule_id)
$$;
comment on function public.delete_reply_rule is 'Removes a rule of the organization''s own; the audit log remembers it.';

-- What a text would be taken for, without anything happening. Definer: as create_reply_rule.
create function private.try_reply(organization_id uuid, body text)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
begin
  perform private.require_permission(organization_id, 'suppressions:read');
  return (select to_jsonb(u) from private.understand_reply(try_reply.organization_id, body) u);
end
$$;

create function public.try_reply(organization_id uuid, body text)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.try_reply(organization_id, body)
$$;
comment on function public.try_reply is 'What a reply would mean: { meaning, recognized_by, rule_id }. Nothing is kept.';

grant execute on function private.decide_reply_review(uuid, uuid, text), private.create_reply_rule(uuid, jsonb),
  private.delete_reply_rule(uuid, uuid), private.try_reply(uuid, text)
to authenticated;
grant execute on function public.decide_reply_review(uuid, uuid, text), public.create_reply_rule(uuid, jsonb),
  public.delete_reply_rule(uuid, uuid), public.try_reply(uuid, text)
to authenticated;

alter table public.reply_reviews enable row level security;
create policy "those who may read suppressions read the reviews" on public.reply_reviews for select to authenticated
  using (organization_id = any ((select private.organizations_with('suppressions:read'))::uuid[]));
revoke all on public.reply_reviews from public, anon, authenticated, service_role;
grant select on public.reply_reviews to authenticated, service_role;
create trigger touch before update on public.reply_reviews
  for each row execute function private.touch_updated_at();
select private.audit_table('public.reply_reviews');
