-- A person decides about a reply that may be an opt-out: opt_out or dismissed. Repeating the same decision changes
-- nothing; a different one is refused. Security definer because suppressions, the ledger and messages are written by
-- functions only.
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
    perform private.problem(422, 'invalid_field', 'The decision must be opt_out or dismissed.',
      '[{"path": "decision", "message": "must be opt_out or dismissed"}]');
  end if;
  select * into review from public.reply_reviews r
  where r.organization_id = decide_reply_review.organization_id and r.id = review_id;
  if review is null then
    perform private.problem(404, 'not_found', 'There is no such review.');
  end if;
  -- The same lock as record_inbound: a further reply of the number may be arriving.
  perform pg_advisory_xact_lock(hashtextextended('reply|' || organization_id || '|' || review.phone, 0));
  select * into review from public.reply_reviews r where r.id = review_id for update;
  if review.status = 'open' then
    if decision = 'opt_out' then
      select * into message from public.messages m where m.id = review.message_id;
      insert into public.suppressions (organization_id, phone, scope, source, reason)
      values (organization_id, review.phone, 'all', 'reply', 'Replied, and a person took it as an opt-out: '
        || left(coalesce(message.body, '?'), 100))
      on conflict do nothing;
      if found and message.created_at > now() - private.auto_reply_lifetime() then
        select * into account from public.sms_accounts a where a.id = message.account_id;
        perform private.send_auto_reply(account, review.phone, 'opt_out_confirmation', message.customer_id,
          message.lead_id, message.created_at + private.auto_reply_lifetime());
      end if;
      if message.id is not null then
        perform private.record_consent(message, 'revoked', 'person', review.rule_id, auth.uid());
      end if;
    end if;
    perform private.close_reply_reviews(organization_id, review.phone, decision, auth.uid());
    select * into review from public.reply_reviews r where r.id = review_id;
  elsif review.status <> decision then
    perform private.problem(409, 'already_decided', 'This review has already been decided differently.');
  end if;
  return jsonb_build_object('id', review.id, 'phone', review.phone, 'message_id', review.message_id, 'status',
    review.status, 'decided_by', review.decided_by, 'decided_at', review.decided_at, 'created_at', review.created_at);
end
$$;
grant execute on function private.decide_reply_review(uuid, uuid, text) to authenticated;

create function public.decide_reply_review(organization_id uuid, review_id uuid, decision text)
returns jsonb
language sql set search_path = ''
as $$
  select private.decide_reply_review(organization_id, review_id, decision)
$$;
comment on function public.decide_reply_review is
  'A person decides whether a reply was an opt-out: opt_out or dismissed.';
grant execute on function public.decide_reply_review(uuid, uuid, text) to authenticated;
