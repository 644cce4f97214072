-- Why each number must not get a marketing message now: [{ phone, blocked_reason, consent, review_id, undeliverable }].
-- Security definer because do-not-call lists may not be read.
create function private.check_numbers(organization_id uuid, phones text[])
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
begin
  perform private.require_permission(organization_id, 'suppressions:read');
  return (
    select coalesce(jsonb_agg(jsonb_build_object('phone', j.phone, 'blocked_reason', j.blocked_reason,
      'consent', case when c.id is not null then jsonb_build_object('event', c.event, 'scope', c.scope, 'source',
        c.source, 'occurred_at', c.occurred_at) end,
      'review_id', r.id,
      'undeliverable', case when u.id is not null then private.undeliverable_json(u) end)), '[]')
    from private.check_marketing_eligibility(check_numbers.organization_id, phones[1:1000])
      as j (phone, blocked_reason, consent_id)
    left join lateral (
      select x.* from public.consents x
      where x.organization_id = check_numbers.organization_id and x.phone = j.phone and x.channel = 'sms'
        and not x.outdated
      order by x.id desc limit 1
    ) c on true
    left join public.reply_reviews r
      on r.organization_id = check_numbers.organization_id and r.phone = j.phone and r.status = 'open'
    left join public.undeliverable_numbers u
      on u.organization_id = check_numbers.organization_id and u.phone = j.phone and u.lifted_at is null
      and coalesce(u.until > now(), true));
end
$$;
grant execute on function private.check_numbers(uuid, text[]) to authenticated;

create function public.check_numbers(organization_id uuid, phones text[])
returns jsonb
language sql stable set search_path = ''
as $$
  select private.check_numbers(organization_id, phones)
$$;
comment on function public.check_numbers is 'Why each number must not get a marketing message now.';
grant execute on function public.check_numbers(uuid, text[]) to authenticated;
