-- Whether somebody may get a marketing text: opt-outs, do-not-call lists, consent and doubtful replies, and whether they have
-- had their share.

-- An array as rows, with a row estimate that fits audiences rather than the planner's ten.
create function private.many(phones text[])
returns table (phone text)
language sql immutable rows 5000 set search_path = ''
as $$
  select unnest(phones)
$$;

-- Why each number must get no marketing text now (null: it may), and the consent that lets it. One statement for fifty
-- numbers or fifty thousand: each index is walked once, in the order of the numbers, and the findings are hashed.
-- Registries give way to consent, litigators and internal lists never do.
create function private.judge_numbers(organization_id uuid, phones text[])
returns table (phone text, obstacle text, consent_id uuid)
language plpgsql stable set search_path = '' set enable_hashjoin = on set enable_mergejoin = off set enable_seqscan = off set jit = off
as $$
begin
  return query
  with held as materialized (
    select s.phone, bool_or(s.source = 'litigator') as litigator from public.suppressions s
    where s.organization_id = judge_numbers.organization_id and s.phone = any (phones) and s.lifted_at is null
    group by s.phone
  ), listed as materialized (
    select d.phone, bool_or(l.kind = 'litigator') as litigator, bool_or(l.kind = 'internal') as internal,
      bool_or(l.kind = 'registry') as registry
    from private.dnc_numbers d
    join public.dnc_lists l on l.organization_id = d.organization_id and l.id = d.list_id and l.status = 'active'
    where d.organization_id = judge_numbers.organization_id and d.phone = any (phones)
    group by d.phone
  ), latest as materialized (
    select distinct on (c.phone) c.phone, c.id, c.event from public.consents c
    where c.organization_id = judge_numbers.organization_id and c.phone = any (phones) and c.channel = 'sms' and not c.outdated
    order by c.phone, c.id desc
  ), open_reviews as materialized (
    select r.phone from public.reply_reviews r
    where r.organization_id = judge_numbers.organization_id and r.phone = any (phones) and r.status = 'open'
  )
  select n.phone, case
      when held.litigator or listed.litigator then 'litigator'
      when held.phone is not null then 'suppressed'
      when listed.internal or (listed.registry and latest.event is distinct from 'granted') then 'dnc'
      when latest.event = 'revoked' then 'consent_revoked'
      when latest.id is null and (
        select o.marketing_consent from public.organizations o where o.id = judge_numbers.organization_id) = 'required' then 'no_consent'
      when r.phone is not null then 'doubtful_reply'
    end, case when latest.event = 'granted' then latest.id end
  from private.many(phones) n
  left join held on held.phone = n.phone
  left join listed on listed.phone = n.phone
  left join latest on latest.phone = n.phone
  left join open_reviews r on r.phone = n.phone;
end
$$;
comment on function private.judge_numbers is 'Why each number must get no marketing text now, and the consent that lets it.';

create type private.text_limit as (phone text, since timestamptz, most integer, besides uuid);
comment on type private.text_limit is
  'A recipient may get a marketing text while there are fewer than `most` since then, not counting the one that is to go.';

-- Those of these recipients who are below all of their limits. A text counts when it was last handed to the provider: one
-- that was refused may have waited for its second attempt, in a paused campaign for weeks.
create function private.below_limits(organization_id uuid, limits private.text_limit[])
returns text[]
language plpgsql stable set search_path = '' set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set jit = off
as $$
declare
  oldest constant uuid := private.uuid_v7_floor((select min(l.since) from unnest(limits) l) - interval '31 days');
begin
  return array(
    select l.phone from unnest(limits) l
    group by l.phone
    having bool_and((
      -- By the recipient alone (`is not distinct from` uses no index): while the statistics do not know a month's partition
      -- yet, the planner would walk all texts of the organization for each recipient.
      select count(*) from public.messages m
      where m.organization_id is not distinct from below_limits.organization_id and m.to_number = l.phone
        and m.category = 'marketing' and m.direction = 'outbound'
        and m.status in ('queued', 'sending', 'sent', 'delivered', 'undelivered')
        and m.id >= oldest and coalesce(m.sending_at, m.created_at) >= l.since
        and m.id is distinct from l.besides
    ) < l.most));
end
$$;

-- Those of these recipients who must not be texted now: they have had enough, or (busy) another claim, which is not over,
-- may be texting them. Claims take turns at a recipient, not at an organization, and nobody waits: whoever does not get
-- the lock comes back. What is counted under the lock holds, since it sees what the last who had it has written.
create function private.texted_enough(organization_id uuid, limits private.text_limit[])
returns table (phone text, busy boolean)
language plpgsql set search_path = ''
as $$
declare
  mine constant text[] := array(
    select r.phone from (select distinct l.phone from unnest(limits) l) r
    where pg_try_advisory_xact_lock(hashtextextended('recipient|' || organization_id || '|' || r.phone, 0)));
  free constant text[] := private.below_limits(organization_id, array(select l from unnest(limits) l where l.phone = any (mine)));
begin
  return query
    select distinct l.phone, l.phone <> all (mine) from unnest(limits) l where l.phone <> all (free);
end
$$;
