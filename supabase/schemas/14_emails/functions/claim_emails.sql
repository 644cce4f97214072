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

-- How many e-mails of each organization may be claimed now, and through which server: its own while that works, or once
-- in a while to see whether it works again; else the platform's. At most three are under way to an own server, so that
-- one that is slow holds nobody else's up. An organization whose server another claim is about to try gets none.
create function private.email_routes(tenants uuid[], batch_size integer)
returns table (organization_id uuid, integration_id uuid, server text, quota integer)
language plpgsql set search_path = '' set enable_seqscan = off set jit = off
as $$
declare
  own constant text[] := array['smtp', 'resend'];
  due uuid[];
  probed uuid[];
  working uuid[];
  platform_tenants integer;
  allowance integer;
begin
  select coalesce(array_agg(i.id) filter (where i.status = 'connected'), '{}'),
    coalesce(array_agg(i.id) filter (where i.status = 'failing' and i.retry_at <= now()), '{}')
  into working, due
  from public.integrations i where i.organization_id = any (tenants) and i.type = any (own);
  -- Read again under the lock: another claim may have tried it meanwhile.
  select coalesce(array_agg(locked.id), '{}') into probed from (
    select i.id from public.integrations i
    where i.id = any (due) and i.status = 'failing' and i.retry_at <= now()
    for update of i skip locked) locked;
  platform_tenants := cardinality(tenants) - cardinality(due) - cardinality(working);
  allowance := case when platform_tenants > 0 then private.email_allowance(batch_size) else 0 end;
  return query
    select t.id, i.id, i.type, case
      when i.id is null then ceil(allowance::numeric / greatest(platform_tenants, 1))::integer
      when i.id = any (probed) then 1
      when i.id = any (due) then 0
      else greatest(0, 3 - (
        select count(*) from public.emails e where e.status = 'sending' and e.integration_id = i.id)::integer) end
    from unnest(tenants) as t (id)
    left join public.integrations i on i.organization_id = t.id and i.id = any (due || working);
end
$$;

-- The server of an e-mail. Resend may have accepted an earlier attempt, and would recognize another one only in the same
-- account; so it stays there. Returns { id, type } of an own server, null for the platform's, and { lost: true } if that
-- account is gone.
create function private.email_server(email public.emails, integration_id uuid, server text)
returns jsonb
language sql stable set search_path = ''
as $$
  select case
    when email.via_platform then null
    when email.attempts = 0 or email.provider is distinct from 'resend' then
      case when email_server.integration_id is not null
        then jsonb_build_object('id', email_server.integration_id, 'type', server) end
    when email.integration_id is null then null
    else coalesce((
      select jsonb_build_object('id', i.id, 'type', i.type)
      from public.integrations i where i.id = email.integration_id), '{"lost": true}') end
$$;

-- Marks the next group of these organizations `sending` and returns it. Each gets an even share of a group.
create function private.claim_emails_of(tenants uuid[], batch_size integer, provider text)
returns jsonb
language plpgsql set search_path = '' set enable_seqscan = off set jit = off
as $$
declare
  answer jsonb;
begin
  if cardinality(tenants) = 0 then
    return '[]'::jsonb;
  end if;
  with picked as (
    select p.*, r.integration_id as own_id, r.server
    from private.email_routes(tenants, batch_size) r
    cross join lateral (
      select e as email from public.emails e
      where e.organization_id = r.organization_id and e.status = 'queued' and e.next_attempt_at <= now()
      order by e.next_attempt_at
      limit r.quota
      for update of e skip locked
    ) p
    limit batch_size
  ), checked as materialized (
    select (p.email).id, private.email_server(p.email, p.own_id, p.server) as server,
      private.email_cancel_reason((p.email).id, (p.email).kind, (p.email).organization_id, (p.email).user_id)
        as cancel_reason
    from picked p
  ), decided as (
    select c.id, c.server, case when c.cancel_reason is not null then 'canceled'
        when c.server ? 'lost' then 'failed' else 'sending' end as status,
      coalesce(c.cancel_reason, case when c.server ? 'lost'
        then 'The e-mail may have been sent by a mail server that is not connected any more.' end) as reason
    from checked c
  ), tried as (
    -- Until then no other e-mail tries a server that fails.
    update public.integrations i set retry_at = now() + interval '1 minute'
    from decided d
    where i.id = (d.server ->> 'id')::uuid and d.status = 'sending' and i.status = 'failing' and i.retry_at <= now()
  ), marked as (
    update public.emails e set
      status = d.status,
      last_error = coalesce(d.reason, e.last_error),
      attempts = e.attempts + case when d.status = 'sending' then 1 else 0 end,
      claim = e.claim + 1,
      sending_at = case when d.status = 'sending' then clock_timestamp() end,
      provider = case when d.status = 'sending' then coalesce(d.server ->> 'type', claim_emails_of.provider)
        else e.provider end,
      integration_id = case when d.status = 'sending' then (d.server ->> 'id')::uuid else e.integration_id end
    from decided d where e.id = d.id
    returning e.*
  )
  select coalesce(jsonb_agg(jsonb_build_object(
    'id', m.id, 'claim', m.claim, 'edition', m.edition, 'kind', m.kind, 'to', m.to_address,
    'name', (select p.full_name from public.profiles p where p.id = m.user_id),
    'data', m.data || jsonb_strip_nulls(jsonb_build_object('token', (
      select s.token from private.email_secrets s where s.email_id = m.id))),
    'own_server', case when m.integration_id is not null then jsonb_build_object('id', m.integration_id,
      'type', m.provider, 'organization_id', m.organization_id) end,
    'organization', jsonb_build_object(
      'name', o.name, 'locale', o.locale, 'country', o.country, 'time_zone', o.time_zone)
    )) filter (where m.status = 'sending'), '[]')
  into answer
  from marked m join public.organizations o on o.id = m.organization_id;
  return answer;
end
$$;

-- The next group of all organizations. If that fails, of each apart, so that one whose e-mails cannot be claimed stops no
-- other. What may be over soon (a deadlock, a full disk) is thrown.
create function private.claim_emails(batch_size integer, provider text)
returns jsonb
language plpgsql set search_path = ''
as $$
declare
  tenants uuid[] := private.organizations_with_due_emails();
  tenant uuid;
  claimed jsonb := '[]'::jsonb;
begin
  return private.claim_emails_of(tenants, batch_size, provider);
exception
  when transaction_rollback or insufficient_resources or object_not_in_prerequisite_state then raise;
  when others then
    foreach tenant in array tenants loop
      exit when jsonb_array_length(claimed) >= batch_size;
      begin
        claimed := claimed
          || private.claim_emails_of(array[tenant], batch_size - jsonb_array_length(claimed), provider);
      exception
        when transaction_rollback or insufficient_resources or object_not_in_prerequisite_state then raise;
        when others then
          raise warning 'e-mails of organization % were not claimed: %', tenant, sqlerrm;
      end;
    end loop;
    return claimed;
end
$$;
