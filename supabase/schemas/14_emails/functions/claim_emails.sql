-- How many e-mails may be claimed now: as many as wanted, none while the mail server is away, one whenever a probe is due.
-- What has been due for a day by then fails, where people see it.
create function private.email_allowance(batch_size integer)
returns integer
language plpgsql set search_path = '' set enable_seqscan = off set jit = off
as $$
declare
  outage private.mail_outage;
begin
  select * into outage from private.mail_outage;
  if outage.here is null then
    return batch_size;
  end if;
  update public.emails e
  set status = 'failed', last_error = left('The mail server could not be reached for a day: ' || outage.reason, 500)
  where e.status = 'queued' and e.next_attempt_at < now() - interval '1 day';
  update private.mail_outage o set resume_at = now() + interval '1 minute' where o.resume_at <= now();
  return case when found then least(batch_size, 1) else 0 end;
end
$$;

-- Marks the next group `sending` and answers it. Whether anybody still needs an e-mail is judged here, at the last moment.
create function private.claim_emails(batch_size integer, provider text)
returns jsonb
language plpgsql set search_path = '' set enable_seqscan = off set jit = off
as $$
declare
  ready uuid[];
  allowance integer;
  answer jsonb;
begin
  with recursive tenants as (
    (select e.organization_id from public.emails e where e.status = 'queued' order by e.organization_id limit 1)
    union all
    select (
      select e.organization_id from public.emails e
      where e.status = 'queued' and e.organization_id > t.organization_id order by e.organization_id limit 1)
    from tenants t where t.organization_id is not null
  )
  select coalesce(array_agg(t.organization_id order by random()), '{}') into ready
  from tenants t
  where exists (
    select from public.emails e
    where e.organization_id = t.organization_id and e.status = 'queued' and e.next_attempt_at <= now());
  allowance := case when cardinality(ready) > 0 then private.email_allowance(batch_size) else 0 end;
  if allowance < 1 then
    return '[]'::jsonb;
  end if;

  with picked as (
    select p.* from unnest(ready) as tenant (id)
    cross join lateral (
      select e.id, e.kind, e.user_id, e.organization_id from public.emails e
      where e.organization_id = tenant.id and e.status = 'queued' and e.next_attempt_at <= now()
      order by e.next_attempt_at
      limit ceil(allowance::numeric / cardinality(ready))
      for update of e skip locked
    ) p
    limit allowance
  ), judged as materialized (
    select p.id, case
      when p.kind = 'invitation' and not exists (
        select from private.email_secrets s join public.invitations i on i.id = s.invitation_id
        where s.email_id = p.id and i.accepted_at is null and i.expires_at > now())
      then 'The invitation is over.'
      when p.kind <> 'invitation' and not exists (
        select from public.memberships m
        where m.organization_id = p.organization_id and m.user_id = p.user_id and m.status = 'active')
      then 'The person is no active member of the organization any more.' end as pointless
    from picked p
  ), marked as (
    update public.emails e set
      status = case when j.pointless is null then 'sending' else 'canceled' end,
      last_error = coalesce(j.pointless, e.last_error),
      attempts = e.attempts + case when j.pointless is null then 1 else 0 end,
      claim = e.claim + 1,
      sending_at = case when j.pointless is null then clock_timestamp() end,
      provider = claim_emails.provider
    from judged j where e.id = j.id
    returning e.*
  )
  select coalesce(jsonb_agg(jsonb_build_object(
    'id', k.id, 'claim', k.claim, 'edition', k.edition, 'kind', k.kind, 'to', k.to_address,
    'name', (select p.full_name from public.profiles p where p.id = k.user_id),
    'data', k.data || jsonb_strip_nulls(jsonb_build_object('token', (select s.token from private.email_secrets s where s.email_id = k.id))),
    'organization', jsonb_build_object('name', o.name, 'locale', o.locale, 'country', o.country, 'time_zone', o.time_zone)
    )) filter (where k.status = 'sending'), '[]')
  into answer
  from marked k join public.organizations o on o.id = k.organization_id;
  return answer;
end
$$;
