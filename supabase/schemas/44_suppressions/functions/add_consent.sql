-- consent: { event, phone, channel?, scope?, source, disclosure?, disclosure_version?, act?, ip?, user_agent?,
-- raw_text?, occurred_at, lead_id? }. A revocation suppresses at once. Consent from before a known revocation is
-- refused, because the latest entry counts. Security definer because the ledger is written by functions only.
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
  answer := private.idempotent_response(organization_id);
  if answer is not null then
    return answer;
  end if;
  if wanted.lead_id is not null then
    perform private.require_lead(organization_id, wanted.lead_id, 'leads:read');
  end if;
  if wanted.occurred_at > now() + private.clock_tolerance() then
    perform private.problem(422, 'invalid_field', 'occurred_at is in the future.',
      '[{"path": "occurred_at", "message": "is in the future"}]');
  end if;
  -- The same lock as record_inbound: a reply of the number may be arriving.
  perform pg_advisory_xact_lock(hashtextextended('reply|' || organization_id || '|' || wanted.phone, 0));
  if wanted.event = 'granted' and exists (
    select from public.consents c
    where c.organization_id = add_consent.organization_id and c.phone = wanted.phone and c.event = 'revoked'
      and c.channel = coalesce(wanted.channel, 'sms') and c.occurred_at >= wanted.occurred_at)
  then
    perform private.problem(409, 'revoked_since', 'The number has revoked its consent since then.');
  end if;
  insert into public.consents (organization_id, lead_id, event, phone, channel, scope, source, disclosure,
    disclosure_version, act, ip, user_agent, raw_text, recognized_by, occurred_at, honored_at, recorded_by)
  values (organization_id, wanted.lead_id, wanted.event, wanted.phone, coalesce(wanted.channel, 'sms'),
    coalesce(wanted.scope, case wanted.event when 'revoked' then 'all' else 'marketing' end), wanted.source,
    wanted.disclosure, wanted.disclosure_version, wanted.act, wanted.ip, wanted.user_agent, wanted.raw_text,
    case wanted.event when 'revoked' then 'person' end, wanted.occurred_at,
    case wanted.event when 'revoked' then clock_timestamp() end, auth.uid())
  returning * into created;
  if created.event = 'revoked' and by_text then
    insert into public.suppressions (organization_id, phone, scope, source, reason)
    values (organization_id, created.phone, created.scope, 'manual', left('Revoked consent: ' || created.source, 500))
    on conflict do nothing;
    perform private.close_reply_reviews(organization_id, created.phone, 'opt_out', auth.uid());
  end if;
  return private.store_idempotent_response(organization_id, private.consent_json(created)
    || jsonb_build_object('suppressed', exists (
    select from public.suppressions s
    where s.organization_id = add_consent.organization_id and s.phone = created.phone and s.lifted_at is null)));
end
$$;
grant execute on function private.add_consent(uuid, jsonb) to authenticated;

create function public.add_consent(organization_id uuid, consent jsonb)
returns jsonb
language sql set search_path = ''
as $$
  select private.add_consent(organization_id, consent)
$$;
comment on function public.add_consent is 'Records consent or its revocation by hand.';
grant execute on function public.add_consent(uuid, jsonb) to authenticated;
