-- An array as rows, with a row estimate that fits audiences rather than the planner's ten.
create function private.unnest_phones(phones text[])
returns table (phone text)
language sql immutable rows 5000 set search_path = ''
as $$
  select unnest(phones)
$$;

-- Why each number must get no marketing text now (null: it may), and the consent that lets it. One statement for fifty
-- numbers or fifty thousand: each index is walked once, in the order of the numbers, and the findings are hashed.
-- Registries give way to consent, litigators and internal lists never do. Lists, revocations and reviews count in every
-- spelling of a number (suppressions are written in each), consent only in its own.
create function private.check_marketing_eligibility(organization_id uuid, phones text[])
returns table (phone text, blocked_reason text, consent_id uuid)
language plpgsql stable set search_path = '' set enable_hashjoin = on set enable_mergejoin = off set enable_seqscan = off set jit = off
as $$
declare
  organization public.organizations;
  allowed text;
  spellings text[];
begin
  select * into strict organization from public.organizations o where o.id = check_marketing_eligibility.organization_id;
  spellings := phones || array(select o.spelling from private.other_spellings(phones) o);
  allowed := private.phone_pattern_of(organization);
  return query
  with held as materialized (
    select s.phone, bool_or(s.source = 'litigator') as litigator from public.suppressions s
    where s.organization_id = check_marketing_eligibility.organization_id and s.phone = any (phones) and s.lifted_at is null
    group by s.phone
  ), listed as materialized (
    select d.phone, bool_or(l.kind = 'litigator') as litigator, bool_or(l.kind = 'internal') as internal,
      bool_or(l.kind = 'registry') as registry
    from private.dnc_numbers d
    join public.dnc_lists l on l.organization_id = d.organization_id and l.id = d.list_id and l.status = 'active'
    where d.organization_id = check_marketing_eligibility.organization_id and d.phone = any (spellings)
    group by d.phone
  ), latest as materialized (
    select distinct on (c.phone) c.phone, c.id, c.event from public.consents c
    where c.organization_id = check_marketing_eligibility.organization_id and c.phone = any (spellings) and c.channel = 'sms' and not c.outdated
    order by c.phone, c.id desc
  ), unreachable as materialized (
    select u.phone from public.undeliverable_numbers u
    where u.organization_id = check_marketing_eligibility.organization_id and u.phone = any (phones)
      and u.lifted_at is null and (u.is_final or u.until > now())
  ), open_reviews as materialized (
    select r.phone from public.reply_reviews r
    where r.organization_id = check_marketing_eligibility.organization_id and r.phone = any (spellings) and r.status = 'open'
  ), others as materialized (
    select * from private.other_spellings(phones)
  )
  select n.phone, case
      when held.litigator or listed.litigator or also_listed.litigator then 'litigator'
      when held.phone is not null then 'suppressed'
      when listed.internal or also_listed.internal
        or ((listed.registry or also_listed.registry) and latest.event is distinct from 'granted') then 'dnc'
      when latest.event = 'revoked' or (also_latest.event = 'revoked' and coalesce(also_latest.id > latest.id, true))
        then 'consent_revoked'
      when latest.id is null and organization.marketing_consent = 'required' then 'no_consent'
      when n.phone !~ allowed then 'country_not_allowed'
      when u.phone is not null then 'undeliverable'
      when r.phone is not null or also_r.phone is not null then 'doubtful_reply'
    end, case when latest.event = 'granted' then latest.id end
  from private.unnest_phones(phones) n
  left join held on held.phone = n.phone
  left join listed on listed.phone = n.phone
  left join latest on latest.phone = n.phone
  left join unreachable u on u.phone = n.phone
  left join open_reviews r on r.phone = n.phone
  left join others o on o.phone = n.phone
  left join listed also_listed on also_listed.phone = o.spelling
  left join latest also_latest on also_latest.phone = o.spelling
  left join open_reviews also_r on also_r.phone = o.spelling;
end
$$;
comment on function private.check_marketing_eligibility is 'Why each number must get no marketing text now, and the consent that lets it.';
