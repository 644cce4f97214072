-- How the e-mail outbox empties. A sender alternates between one call here and a small group of e-mails: the call records
-- the last group's outcomes and marks the next group `sending` just before it goes out, as with messages. What was surely
-- not accepted is tried again, three times in all; of what may have been accepted nobody sends a second copy: with a
-- provider that knows idempotency keys the same key is tried again, without one the e-mail fails and says so.

alter table public.organizations add column locale text not null default 'en'
  constraint organizations_locale_known check (locale in ('en', 'fr'));
comment on column public.organizations.locale is 'The language of e-mails to the organization''s people.';
grant update (locale) on public.organizations to authenticated;

alter table public.emails
  drop constraint emails_status,
  add constraint emails_status check (status in ('queued', 'sending', 'sent', 'failed', 'canceled')),
  add column claim integer not null default 0,
  add column edition integer not null default 0;
comment on column public.emails.status is 'canceled: when its turn came, nobody needed it any more.';
comment on column public.emails.claim is 'How often a sender took it up: names one try, so that a late outcome is known as such.';
comment on column public.emails.edition is 'Grows when an e-mail is sent again on purpose; id and edition make the idempotency key and the Message-ID.';

-- By organization, so that one with a mountain of e-mails does not keep the others waiting.
drop index public.emails_due;
create index emails_due on public.emails (organization_id, next_attempt_at) where status = 'queued';
create index emails_by_status on public.emails (organization_id, status, created_at desc);
create index emails_to on public.emails (organization_id, to_address);
create index notifications_unread on public.notifications (organization_id, user_id) where read_at is null;

-- What the template fills in may be a secret, and nobody reads it over the Data API.
revoke select on public.emails from authenticated, service_role;
grant select (id, organization_id, user_id, lead_id, kind, to_address, event_key, status, attempts, next_attempt_at,
  sending_at, sent_at, provider, provider_message_id, last_error, created_at, updated_at) on public.emails
  to authenticated, service_role;

create table private.email_secrets (
  email_id uuid primary key references public.emails (id) on delete cascade,
  invitation_id uuid not null references public.invitations (id) on delete cascade,
  token text not null
);
comment on table private.email_secrets is 'Tokens that wait for the e-mail which carries them; gone when it is sent or the invitation is over.';
create index email_secrets_invitation on private.email_secrets (invitation_id);

create table private.mail_outage (
  here boolean primary key default true constraint mail_outage_one check (here),
  outages integer not null,
  resume_at timestamptz not null,
  reason text not null
);
comment on table private.mail_outage is 'One row while the mail server cannot be reached: e-mails wait, and one at a time probes.';

-- Exponential backoff with jitter: once, five, twenty-five times the base, each between three and five quarters of it.
create function private.email_retry_delay(attempts integer, base_seconds integer)
returns interval
language sql volatile set search_path = ''
as $$
  select base_seconds * 5 ^ (least(attempts, 5) - 1) * (0.75 + random() / 2) * interval '1 second'
$$;

-- No sequential scans, here and below: a plan made while the outbox was empty would read all of it once it has filled up.
-- No JIT: it takes the price of a forbidden plan for a real one.
-- outcomes: [{ id, claim, kind: accepted|rejected|retry|throttled|outage|doubt, provider_message_id?, reason?,
-- retry_after_seconds? }]. An outcome of an earlier try than the last changes nothing. An e-mail that was accepted after
-- its lease ended counts as sent, so that it is not sent again.
create function private.record_emails(outcomes jsonb, retry_seconds integer)
returns void
language plpgsql set search_path = '' set enable_seqscan = off set jit = off
as $$
declare
  max_attempts constant integer := 3;
begin
  if jsonb_array_length(outcomes) = 0 then
    return;
  end if;
  with r as (
    select * from jsonb_to_recordset(outcomes) as x (id uuid, claim integer, kind text, provider_message_id text, reason text,
      retry_after_seconds integer)
  ), recorded as (
    update public.emails e set
      status = case
        when r.kind = 'accepted' then 'sent'
        when r.kind = 'throttled' or (r.kind in ('retry', 'outage') and e.attempts < max_attempts) then 'queued'
        else 'failed' end,
      attempts = e.attempts - case when r.kind = 'throttled' then 1 else 0 end,
      next_attempt_at = case when r.kind in ('retry', 'outage', 'throttled') then now() + greatest(
          case when r.kind = 'throttled' then interval '1 second' else private.email_retry_delay(e.attempts, retry_seconds) end,
          coalesce(r.retry_after_seconds, 0) * interval '1 second')
        else e.next_attempt_at end,
      sending_at = null,
      sent_at = case when r.kind = 'accepted' then clock_timestamp() else e.sent_at end,
      provider_message_id = coalesce(r.provider_message_id, e.provider_message_id),
      last_error = case when r.kind = 'accepted' then null else left(r.reason, 500) end
    from r
    where e.id = r.id and e.claim = r.claim
      and (e.status = 'sending' or (r.kind = 'accepted' and e.status in ('queued', 'failed')))
    returning e.id, e.status
  )
  delete from private.email_secrets s using recorded d where s.email_id = d.id and d.status = 'sent';
  if jsonb_path_exists(outcomes, '$[*] ? (@.kind == "accepted" || @.kind == "rejected")') then
    delete from private.mail_outage;
  elsif jsonb_path_exists(outcomes, '$[*] ? (@.kind == "outage")') then
    insert into private.mail_outage as o (outages, resume_at, reason)
    values (1, now() + retry_seconds * interval '0.5 second',
      coalesce(jsonb_path_query_first(outcomes, '$[*] ? (@.kind == "outage").reason') #>> '{}', ''))
    on conflict on constraint mail_outage_pkey do update set
      outages = o.outages + 1, reason = excluded.reason,
      resume_at = now() + least(600, retry_seconds * 2 ^ (least(o.outages, 12) - 1)) * interval '1 second';
  end if;
end
$$;

-- How many e-mails may be claimed now: as many as wanted, none while the mail server is away, one whenever a probe is due.
-- What has been due for a day by then fails, where people see it.
create function private.email_allowance(want integer)
returns integer
language plpgsql set search_path = '' set enable_seqscan = off set jit = off
as $$
declare
  outage private.mail_outage;
begin
  select * into outage from private.mail_outage;
  if outage.here is null then
    return want;
  end if;
  update public.emails e
  set status = 'failed', last_error = left('The mail server could not be reached for a day: ' || outage.reason, 500)
  where e.status = 'queued' and e.next_attempt_at < now() - interval '1 day';
  update private.mail_outage o set resume_at = now() + interval '1 minute' where o.resume_at <= now();
  return case when found then least(want, 1) else 0 end;
end
$$;

-- Takes back what a sender that died had marked. With idempotency keys, which Resend keeps for a day, it is simply sent
-- again under the same key; without them it may have been sent, and a person decides.
create function private.settle_emails(lease_seconds integer)
returns void
language sql set search_path = '' set enable_seqscan = off set jit = off
as $$
  update public.emails e set
    status = case when e.provider = 'resend' and e.attempts < 3 and e.sending_at > now() - interval '23 hours' then 'queued' else 'failed' end,
    last_error = 'The sender stopped in the middle: the e-mail may have been sent.',
    sending_at = null, next_attempt_at = now()
  where e.id in (
    select d.id from public.emails d
    where d.status = 'sending' and d.sending_at < now() - lease_seconds * interval '1 second'
    for update skip locked)
$$;

-- Marks the next group `sending` and answers it. Whether anybody still needs an e-mail is judged here, at the last moment.
create function private.claim_emails(want integer, provider text)
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
  allowance := case when cardinality(ready) > 0 then private.email_allowance(want) else 0 end;
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

-- One step of a sender. Answers { emails, next_due_at: when something falls due, if within a minute }. Definer: the service
-- role may not write the outbox, nor read what is in an e-mail but by claiming it.
create function private.email_step(outcomes jsonb, want integer, provider text, retry_seconds integer, lease_seconds integer)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  claimed jsonb := '[]'::jsonb;
begin
  perform private.record_emails(outcomes, greatest(retry_seconds, 1));
  if want > 0 then
    perform private.settle_emails(lease_seconds);
    claimed := private.claim_emails(want, provider);
  end if;
  return jsonb_build_object('emails', claimed, 'next_due_at', case when jsonb_array_length(claimed) = 0 then (
    select min(due.at) from (
      select greatest(min(e.next_attempt_at), coalesce((select o.resume_at from private.mail_outage o), '-infinity')) as at
      from public.emails e where e.status = 'queued' and e.next_attempt_at < now() + interval '1 minute'
      -- Without it an empty queue would be due at -infinity, as greatest() ignores the null of min().
      having count(*) > 0
    ) due where due.at < now() + interval '1 minute') end);
end
$$;

create function public.email_step(outcomes jsonb, want integer, provider text, retry_seconds integer, lease_seconds integer)
returns jsonb
language sql set search_path = ''
as $$
  select private.email_step(outcomes, want, provider, retry_seconds, lease_seconds)
$$;
comment on function public.email_step is 'Records a group''s outcomes and marks the next group of e-mails: one round trip per group.';

-- New e-mails start the sender at commit, once per statement. Definer: see invoke.
create function private.start_emails()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  if exists (select from new_rows where status = 'queued' and next_attempt_at <= now()) then
    perform private.invoke('jobs/send-emails');
  end if;
  return null;
end
$$;
create trigger start_emails after insert on public.emails referencing new table as new_rows
  for each statement execute function private.start_emails();

-- Nightly: tokens whose invitation is over, and what is older than the organization keeps messages.
create function private.tidy_notices()
returns void
language plpgsql set search_path = ''
as $$
begin
  delete from private.email_secrets s using public.invitations i
  where i.id = s.invitation_id and (i.accepted_at is not null or i.expires_at <= now());
  delete from public.emails e using public.organizations o
  where o.id = e.organization_id and e.status in ('sent', 'failed', 'canceled')
    and e.created_at < now() - make_interval(months => o.message_retention_months);
  delete from public.notifications n using public.organizations o
  where o.id = n.organization_id and n.id < private.uuid_v7_floor(now() - make_interval(months => o.message_retention_months));
end
$$;

select cron.schedule('send-emails', '* * * * *', $$select private.invoke('jobs/send-emails')$$);
select cron.schedule('tidy-notices', '47 2 * * *', $$select private.tidy_notices()$$);

-- Admins are told like everybody else, by preference of the kind `system`. Each call is an event of its own.
create or replace function private.notify_admins(organization_id uuid, kind text, title text, body text, data jsonb default '{}')
returns void
language sql set search_path = ''
as $$
  select private.notify(array_agg(row(m.organization_id, m.user_id, notify_admins.kind,
    notify_admins.kind || ':' || event.id, title, body, data, null)::private.notice))
  from public.memberships m
  join public.roles r on r.id = m.role_id and r.organization_id is null and r.key = 'admin'
  cross join (select private.uuid_v7() as id) event
  where m.organization_id = notify_admins.organization_id and m.status = 'active'
$$;

-- Definer: writes the token's hash, which nobody may read or write directly. The invitation also goes out by e-mail.
create or replace function private.invite_member(organization_id uuid, email text, role text, team_id uuid)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  secret text := replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', '');
  invitation public.invitations;
  wanted_role uuid;
  mail uuid;
begin
  perform private.require_permission(organization_id, 'members:manage');
  select r.id into wanted_role from public.roles r
  where r.key = role and (r.organization_id is null or r.organization_id = invite_member.organization_id)
  order by r.organization_id nulls last limit 1;
  if wanted_role is null then
    perform private.problem(422, 'unknown_role', 'There is no such role in this organization.');
  end if;
  perform private.require_grantable(organization_id, wanted_role);
  if exists (
    select from public.memberships m join public.profiles p on p.id = m.user_id
    where m.organization_id = invite_member.organization_id and p.email = lower(btrim(invite_member.email))
  ) then
    perform private.problem(409, 'already_member', 'This person belongs to the organization already.');
  end if;
  -- A second invitation of the same address replaces the first, whose token stops working.
  delete from public.invitations i
  where i.organization_id = invite_member.organization_id and i.email = lower(btrim(invite_member.email)) and i.accepted_at is null;
  insert into public.invitations (organization_id, email, role_id, team_id, token_hash, invited_by)
  values (organization_id, lower(btrim(email)), wanted_role, team_id, private.token_hash(secret), auth.uid())
  returning * into invitation;
  insert into public.emails (organization_id, kind, to_address, data, event_key)
  values (organization_id, 'invitation', invitation.email, jsonb_build_object(
    'title', 'Invitation', 'expires_at', invitation.expires_at,
    'role_name', (select r.name from public.roles r where r.id = wanted_role),
    'invited_by_name', (select p.full_name from public.profiles p where p.id = auth.uid())), 'invitation:' || invitation.id)
  returning id into mail;
  insert into private.email_secrets (email_id, invitation_id, token) values (mail, invitation.id, secret);
  return jsonb_build_object('id', invitation.id, 'email', invitation.email, 'role', role,
    'expires_at', invitation.expires_at, 'token', secret);
end
$$;

-- What people ask of their own notices and admins of the outbox. Whoever is no active member is refused outright.

select private.grant_permission('notifications:read', 'See one''s own notifications and choose how they arrive', array[
  'admin', 'manager', 'counselor', 'campaign_manager', 'operator', 'viewer', 'marketing_agent', 'technical_agent'], 'own');
insert into public.role_permissions (role_id, permission, scope)
select r.id, 'notifications:read', 'own' from public.roles r where r.organization_id is not null
on conflict on constraint role_permissions_once do nothing;

-- filters: { unread?, kind? }. Definer: it must find rows by user alone, without policies in the plan.
create function private.list_notifications(organization_id uuid, filters jsonb, page_limit integer, page_offset integer)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
  conditions text := 'x.organization_id = $1 and x.user_id = $5' || private.conditions(filters, '{"kind": ["kind", "=", "text"]}')
    || case when filters ->> 'unread' = 'true' then ' and x.read_at is null'
      when filters ->> 'unread' = 'false' then ' and x.read_at is not null' else '' end;
  answer jsonb;
begin
  perform private.require_scope(organization_id, 'notifications:read');
  execute format(
    'select jsonb_build_object(
      ''total'', (select count(*) from public.notifications x where %1$s),
      ''unread'', (select count(*) from public.notifications x where x.organization_id = $1 and x.user_id = $5 and x.read_at is null),
      ''rows'', coalesce((select jsonb_agg(to_jsonb(p) - array[''organization_id'', ''user_id'', ''event_key''] order by p.id desc) from (
        select x.* from public.notifications x where %1$s order by x.id desc limit $3 offset $4) p), ''[]''))',
    conditions)
  into answer using organization_id, filters, page_limit, page_offset, auth.uid();
  return answer;
end
$$;

create function public.list_notifications(organization_id uuid, filters jsonb, page_limit integer, page_offset integer)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.list_notifications(organization_id, filters, page_limit, page_offset)
$$;
comment on function public.list_notifications is
  'One page of the caller''s notifications, newest first, and how many are unread. filters: { unread?: true|false, kind? }.';

-- Definer: see list_notifications. Reading twice keeps the first time.
create function private.read_notification(organization_id uuid, notification_id uuid)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  notification public.notifications;
begin
  perform private.require_scope(organization_id, 'notifications:read');
  update public.notifications n set read_at = coalesce(n.read_at, now())
  where n.organization_id = read_notification.organization_id and n.user_id = auth.uid() and n.id = notification_id
  returning * into notification;
  if notification.id is null then
    perform private.problem(404, 'not_found', 'There is no such notification.');
  end if;
  return to_jsonb(notification) - array['organization_id', 'user_id', 'event_key'];
end
$$;

create function public.read_notification(organization_id uuid, notification_id uuid)
returns jsonb
language sql set search_path = ''
as $$
  select private.read_notification(organization_id, notification_id)
$$;
comment on function public.read_notification is 'Marks one of the caller''s notifications as read and answers it.';

-- Definer: see list_notifications.
create function private.read_notifications(organization_id uuid, until timestamptz)
returns integer
language plpgsql security definer set search_path = ''
as $$
declare
  marked integer;
begin
  perform private.require_scope(organization_id, 'notifications:read');
  update public.notifications n set read_at = now()
  where n.organization_id = read_notifications.organization_id and n.user_id = auth.uid() and n.read_at is null
    and (until is null or n.created_at <= until);
  get diagnostics marked = row_count;
  return marked;
end
$$;

create function public.read_notifications(organization_id uuid, until timestamptz default null)
returns integer
language sql set search_path = ''
as $$
  select private.read_notifications(organization_id, until)
$$;
comment on function public.read_notifications is 'Marks the caller''s unread notifications as read, those made until then if a time is given; answers how many.';

-- changes: [{ kind, in_app?, email? }], null to change nothing; what is left out stays. Answers all kinds.
-- Definer: see list_notifications.
create function private.keep_preferences(organization_id uuid, changes jsonb)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
begin
  perform private.require_scope(organization_id, 'notifications:read');
  insert into public.notification_preferences as f (organization_id, user_id, kind, in_app, email)
  select keep_preferences.organization_id, auth.uid(), c.kind, coalesce(c.in_app, true), coalesce(c.email, true)
  from jsonb_to_recordset(coalesce(changes, '[]')) as c (kind text, in_app boolean, email boolean)
  order by c.kind
  on conflict on constraint notification_preferences_once do update set
    in_app = coalesce((select c.in_app from jsonb_to_recordset(changes) as c (kind text, in_app boolean) where c.kind = f.kind), f.in_app),
    email = coalesce((select c.email from jsonb_to_recordset(changes) as c (kind text, email boolean) where c.kind = f.kind), f.email);
  return (
    select jsonb_agg(jsonb_build_object('kind', k.kind, 'in_app', coalesce(f.in_app, true), 'email', coalesce(f.email, true)) order by k.place)
    from unnest(private.notice_kinds()) with ordinality as k (kind, place)
    left join public.notification_preferences f
      on f.organization_id = keep_preferences.organization_id and f.user_id = auth.uid() and f.kind = k.kind);
end
$$;

create function public.notification_preferences(organization_id uuid, changes jsonb default null)
returns jsonb
language sql set search_path = ''
as $$
  select private.keep_preferences(organization_id, changes)
$$;
comment on function public.notification_preferences is
  'Which kinds of notice reach the caller how; changes: [{ kind, in_app?, email? }] are made first.';

-- What admins see of an e-mail: never what the template fills in. Definer functions call it.
create function private.email_json(email public.emails)
returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object('id', email.id, 'kind', email.kind, 'to', email.to_address, 'user_id', email.user_id,
    'user_name', (select p.full_name from public.profiles p where p.id = email.user_id), 'lead_id', email.lead_id,
    'title', email.data ->> 'title', 'status', email.status, 'attempts', email.attempts, 'reason', email.last_error,
    'next_attempt_at', case when email.status = 'queued' then email.next_attempt_at end, 'sent_at', email.sent_at,
    'provider', email.provider, 'created_at', email.created_at)
$$;

-- filters: { status?, kind?, to?, lead_id? }. Definer: the title is in the data, which nobody reads.
create function private.list_emails(organization_id uuid, filters jsonb, page_limit integer, page_offset integer)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
  conditions text := 'x.organization_id = $1' || private.conditions(filters, '{
    "status": ["status", "=", "text"], "kind": ["kind", "=", "text"], "to": ["to_address", "=", "text"],
    "lead_id": ["lead_id", "=", "uuid"]}');
  answer jsonb;
begin
  perform private.require_permission(organization_id, 'emails:manage');
  execute format(
    'select jsonb_build_object(
      ''total'', (select count(*) from public.emails x where %1$s),
      ''rows'', coalesce((select jsonb_agg(private.email_json(p) order by p.created_at desc, p.id desc) from (
        select x.* from public.emails x where %1$s order by x.created_at desc, x.id desc limit $3 offset $4) p), ''[]''))',
    conditions)
  into answer using organization_id, filters, page_limit, page_offset;
  return answer;
end
$$;

create function public.list_emails(organization_id uuid, filters jsonb, page_limit integer, page_offset integer)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.list_emails(organization_id, filters, page_limit, page_offset)
$$;
comment on function public.list_emails is
  'One page of the organization''s e-mails, newest first. filters: { status?, kind?, to?, lead_id? }.';

-- Queues an e-mail again. A failed one keeps its edition, so that a copy that arrived after all is recognized as the same;
-- with `force` also one that was sent, as a new edition. Definer: nobody may write the outbox.
create function private.resend_email(organization_id uuid, email_id uuid, force boolean)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  replay jsonb;
  email public.emails;
begin
  perform private.require_permission(organization_id, 'emails:manage');
  replay := private.replayed_response(organization_id);
  if replay is not null then
    return replay;
  end if;
  select * into email from public.emails e
  where e.organization_id = resend_email.organization_id and e.id = email_id for update;
  if email.id is null then
    perform private.problem(404, 'not_found', 'There is no such e-mail.');
  elsif email.status in ('queued', 'sending') then
    perform private.problem(409, 'on_its_way', 'This e-mail is on its way already.');
  elsif email.status = 'canceled' then
    perform private.problem(409, 'not_needed', 'This e-mail is not needed any more: ' || email.last_error);
  elsif email.kind = 'invitation' and not exists (select from private.email_secrets s where s.email_id = email.id) then
    perform private.problem(409, 'not_needed', 'The link in this e-mail is kept no longer. Invite the person again.');
  elsif email.status = 'sent' and not force then
    perform private.problem(409, 'already_sent', 'This e-mail was sent. With force=true it is sent once more.');
  end if;
  update public.emails e set status = 'queued', attempts = 0, next_attempt_at = now(), last_error = null, sent_at = null,
    edition = e.edition + case when force then 1 else 0 end
  where e.id = email.id
  returning * into email;
  perform private.invoke('jobs/send-emails');
  return private.remember_response(organization_id, private.email_json(email));
end
$$;

create function public.resend_email(organization_id uuid, email_id uuid, force boolean default false)
returns jsonb
language sql set search_path = ''
as $$
  select private.resend_email(organization_id, email_id, force)
$$;
comment on function public.resend_email is 'Queues a failed e-mail again, or with force one that was sent; answers it.';

grant execute on function private.email_step(jsonb, integer, text, integer, integer) to service_role;
grant execute on function public.email_step(jsonb, integer, text, integer, integer) to service_role;
grant execute on function private.list_notifications(uuid, jsonb, integer, integer), private.read_notification(uuid, uuid),
  private.read_notifications(uuid, timestamptz), private.keep_preferences(uuid, jsonb),
  private.list_emails(uuid, jsonb, integer, integer), private.resend_email(uuid, uuid, boolean) to authenticated;
grant execute on function public.list_notifications(uuid, jsonb, integer, integer), public.read_notification(uuid, uuid),
  public.read_notifications(uuid, timestamptz), public.notification_preferences(uuid, jsonb),
  public.list_emails(uuid, jsonb, integer, integer), public.resend_email(uuid, uuid, boolean) to authenticated;
