-- How many e-mails may be claimed now: batch_size while the circuit is closed; while it is open none, or one as a
-- probe. An e-mail that has been due for a day by then fails, so that people see it.
create function private.email_allowance(batch_size integer)
returns integer
language plpgsql set search_path = '' set enable_seqscan = off set jit = off
as $$
declare
  outage private.mail_outage;
begin
  select * into outage from private.mail_outage;
  if outage.singleton is null then
    return batch_size;
  end if;
  update public.emails e
  set status = 'failed', last_error = left('The mail server could not be reached for a day: ' || outage.reason, 500)
  where e.status = 'queued' and e.next_attempt_at < now() - interval '1 day';
  update private.mail_outage o set resume_at = now() + interval '1 minute' where o.resume_at <= now();
  return case when found then least(batch_size, 1) else 0 end;
end
$$;

-- Organizations with e-mails that are due, in random order. An index skip scan over the queue.
create function private.organizations_with_due_emails()
returns uuid[]
language sql volatile set search_path = '' set enable_seqscan = off set jit = off
as $$
  with recursive tenants as (
    (select e.organization_id from public.emails e where e.status = 'queued' order by e.organization_id limit 1)
    union all
    select (
      select e.organization_id from public.emails e
      where e.status = 'queued' and e.organization_id > t.organization_id order by e.organization_id limit 1)
    from tenants t where t.organization_id is not null
  )
  select coalesce(array_agg(t.organization_id order by random()), '{}')
  from tenants t
  where exists (
    select from public.emails e
    where e.organization_id = t.organization_id and e.status = 'queued' and e.next_attempt_at <= now())
$$;

-- Why nobody needs the e-mail any more, or null.
create function private.email_cancel_reason(email_id uuid, kind text, organization_id uuid, user_id uuid)
returns text
language sql stable set search_path = ''
as $$
  select case
    when o.standing = 'suspended' then 'The organization is suspended.'
    when kind in ('invitation', 'report_shared') and o.standing <> 'approved' then 'The organization is not approved to write to strangers.'
    when o.standing = 'sandbox' and not exists (
      select from auth.users u where u.id = email_cancel_reason.user_id and u.email_confirmed_at is not null)
    then 'The person has not confirmed their e-mail address.'
    when kind = 'invitation' and not exists (
      select from private.email_secrets s join public.invitations i on i.id = s.invitation_id
      where s.email_id = email_cancel_reason.email_id and i.accepted_at is null and i.expires_at > now())
    then 'The invitation was accepted, withdrawn or has expired.'
    when kind = 'report_shared' and not exists (
      select from private.email_secrets s join public.report_links l on l.id = s.report_link_id
      where s.email_id = email_cancel_reason.email_id and private.is_open_link(l))
    then 'The link was revoked, has expired or may no longer be given.'
    when kind = 'report_ready' and exists (
      select from public.emails e
      join public.report_runs r on r.organization_id = e.organization_id and r.id = (e.data ->> 'run_id')::uuid
      where e.id = email_cancel_reason.email_id and not private.owner_may_export(r))
    then 'The owner of the report may no longer export it.'
    when kind not in ('invitation', 'report_shared') and not exists (
      select from public.memberships m
      where m.organization_id = email_cancel_reason.organization_id and m.user_id = email_cancel_reason.user_id
        and m.status = 'active')
    then 'The person is not an active member of the organization any more.' end
  from public.organizations o where o.id = email_cancel_reason.organization_id
$$;

-- Marks the next group `sending` and returns it. Each organization gets an even share of a group.
create function private.claim_emails(batch_size integer, provider text)
returns jsonb
language plpgsql set search_path = '' set enable_seqscan = off set jit = off
as $$
declare
  tenants uuid[] := private.organizations_with_due_emails();
  allowance integer := case when cardinality(tenants) > 0 then private.email_allowance(batch_size) else 0 end;
  answer jsonb;
begin
  if allowance < 1 then
    return '[]'::jsonb;
  end if;
  with picked as (
    select p.* from unnest(tenants) as tenant (id)
    cross join lateral (
      select e.id, e.kind, e.user_id, e.organization_id from public.emails e
      where e.organization_id = tenant.id and e.status = 'queued' and e.next_attempt_at <= now()
      order by e.next_attempt_at
      limit ceil(allowance::numeric / cardinality(tenants))
      for update of e skip locked
    ) p
    limit allowance
  ), checked as materialized (
    select p.id, private.email_cancel_reason(p.id, p.kind, p.organization_id, p.user_id) as cancel_reason from picked p
  ), marked as (
    update public.emails e set
      status = case when c.cancel_reason is null then 'sending' else 'canceled' end,
      last_error = coalesce(c.cancel_reason, e.last_error),
      attempts = e.attempts + case when c.cancel_reason is null then 1 else 0 end,
      claim = e.claim + 1,
      sending_at = case when c.cancel_reason is null then clock_timestamp() end,
      provider = claim_emails.provider
    from checked c where e.id = c.id
    returning e.*
  )
  select coalesce(jsonb_agg(jsonb_build_object(
    'id', m.id, 'claim', m.claim, 'edition', m.edition, 'kind', m.kind, 'to', m.to_address,
    'name', (select p.full_name from public.profiles p where p.id = m.user_id),
    'data', m.data || jsonb_strip_nulls(jsonb_build_object('token', (
      select s.token from private.email_secrets s where s.email_id = m.id))),
    'organization', jsonb_build_object(
      'name', o.name, 'locale', o.locale, 'country', o.country, 'time_zone', o.time_zone)
    )) filter (where m.status = 'sending'), '[]')
  into answer
  from marked m join public.organizations o on o.id = m.organization_id;
  return answer;
end
$$;
