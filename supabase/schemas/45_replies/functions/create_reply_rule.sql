-- An organization's own rule: { kind, meaning, language?, pattern, source?, effective_from?, effective_to? }. Security
-- definer because rules are written by functions only.
create function private.create_reply_rule(organization_id uuid, rule jsonb)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  answer jsonb;
  created public.reply_rules;
begin
  perform private.require_permission(organization_id, 'suppressions:write');
  answer := private.idempotent_response(organization_id);
  if answer is not null then
    return answer;
  end if;
  perform pg_advisory_xact_lock(hashtextextended('reply_rules|' || organization_id, 0));
  if (select count(*) from public.reply_rules r where r.organization_id = create_reply_rule.organization_id) >= 500 then
    perform private.problem(422, 'too_many_rules', 'An organization has at most 500 rules of its own.');
  end if;
  insert into public.reply_rules (organization_id, kind, meaning, language, pattern, source, effective_from,
    effective_to)
  values (organization_id, rule ->> 'kind', rule ->> 'meaning', coalesce(rule ->> 'language', 'en'), rule ->> 'pattern',
    coalesce(rule ->> 'source', 'The organization'), coalesce((rule ->> 'effective_from')::date, current_date),
    (rule ->> 'effective_to')::date)
  returning * into created;
  return private.store_idempotent_response(organization_id, to_jsonb(created));
end
$$;
grant execute on function private.create_reply_rule(uuid, jsonb) to authenticated;

create function public.create_reply_rule(organization_id uuid, rule jsonb)
returns jsonb
language sql set search_path = ''
as $$
  select private.create_reply_rule(organization_id, rule)
$$;
comment on function public.create_reply_rule is 'Adds an organization''s own keyword or phrase.';
grant execute on function public.create_reply_rule(uuid, jsonb) to authenticated;
