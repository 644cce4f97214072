-- What an e-mail says of a run.
create function private.report_mail_data(run public.report_runs)
returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object('report_id', run.report_id, 'run_id', run.id, 'report_name', run.name,
    'owner_name', (select p.full_name from public.profiles p where p.id = run.owner_id), 'time_zone', run.time_zone,
    'period', run.period, 'row_count', run.row_count, 'truncated', run.truncated, 'partial', run.partial,
    'columns', run.columns, 'totals', run.totals, 'empty', run.records = 0,
    'chart_rows', private.mailed_chart_rows(run))
$$;

-- Notifies the members among the recipients to whom the owner may send, in the application and by e-mail as each prefers,
-- once each.
create function private.deliver_to_members(run public.report_runs)
returns void
language plpgsql set search_path = ''
as $$
declare
  told uuid[];
begin
  with new as (
    insert into private.report_deliveries (run_id, user_id, address)
    select run.id, p.id, p.email
    from public.report_recipients c
    join public.profiles p on p.id = c.user_id
    where c.organization_id = run.organization_id and c.schedule_id = run.schedule_id
      and private.still_may(run.organization_id, p.id, 'reports:read')
      and private.may_send_to(run.organization_id, run.owner_id, p.id)
    on conflict do nothing
    returning user_id
  )
  select array_agg(n.user_id) into told from new n;
  perform private.notify(array(
    select row(run.organization_id, u.id, 'report_ready', 'report_run:' || run.id, 'Report ready: ' || run.name, '',
      private.report_mail_data(run), null)::private.notification
    from unnest(told) u (id)));
end
$$;

-- Mails a link of its own to each address outside, while the organization allows links. Addresses of members, who have
-- joined or were suspended since, get none: what members may take depends on their membership.
create function private.deliver_outside(run public.report_runs)
returns void
language plpgsql set search_path = ''
as $$
declare
  recipient text;
  token text;
  link uuid;
  email uuid;
begin
  if not private.allows_outside_links(run.organization_id)
    or not private.has_share_right(run.organization_id, run.owner_id) then
    return;
  end if;
  for recipient in
    select c.address from public.report_recipients c
    where c.organization_id = run.organization_id and c.schedule_id = run.schedule_id and c.address is not null
      and not exists (select from private.report_deliveries d where d.run_id = run.id and d.address = c.address)
      and not exists (
        select from public.memberships m join public.profiles p on p.id = m.user_id
        where m.organization_id = c.organization_id and lower(p.email) = c.address)
    order by 1
  loop
    token := replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', '');
    insert into public.report_links (organization_id, run_id, token_hash, note, created_by, expires_at)
    select run.organization_id, run.id, private.token_hash(token), left(recipient, 200), run.owner_id,
      least(now() + make_interval(hours => s.outside_link_hours), private.report_file_expiry(run))
    from public.report_settings s where s.organization_id = run.organization_id
    returning id into link;
    insert into private.report_deliveries (run_id, address, link_id) values (run.id, recipient, link);
    insert into public.emails (organization_id, kind, to_address, data, event_key)
    values (run.organization_id, 'report_shared', recipient, private.report_mail_data(run), 'report_run:' || run.id)
    returning id into email;
    insert into private.email_secrets (email_id, report_link_id, token) values (email, link, token);
  end loop;
end
$$;

-- Whether somebody may share files with people outside.
create function private.has_share_right(organization_id uuid, user_id uuid)
returns boolean
language sql stable set search_path = ''
as $$
  select exists (
    select from public.memberships m
    join public.role_permissions p on p.role_id = m.role_id and p.permission = 'reports:share'
      and p.scope = 'organization'
    where m.organization_id = has_share_right.organization_id and m.user_id = has_share_right.user_id
      and private.is_in_force(m))
$$;

-- Notifies the owner, and for a pause the admins too.
create function private.tell_of_schedule(run public.report_runs, title text, body text, admins boolean)
returns void
language sql set search_path = ''
as $$
  select private.notify(array_agg(distinct row(run.organization_id, m.user_id, 'report_schedule',
    'report_schedule:' || run.id, title, body, jsonb_build_object('report_id', run.report_id, 'run_id', run.id),
    null)::private.notification))
  from public.memberships m
  join public.roles r on r.id = m.role_id
  where m.organization_id = run.organization_id and m.status = 'active'
    and (m.user_id = run.owner_id or admins and r.organization_id is null and r.key = 'admin')
$$;

-- Whether a refusal holds for the next runs too, until a person does something: the rights of the owner, or a field that
-- is gone. What the data are like, and a suspension of the organization, may be different next time.
create function private.is_lasting_refusal(reason text)
returns boolean
language sql immutable set search_path = ''
as $$
  select reason in ('owner_gone', 'not_a_member', 'key_expired', 'permission_denied', 'field_not_permitted', 'report_not_shared',
    'report_deleted', 'field_removed')
$$;

-- Pauses the schedule of a run whose next one would be refused too.
create function private.pause_schedule_of(run public.report_runs, reason text, detail text)
returns void
language plpgsql set search_path = ''
as $$
begin
  update public.report_schedules s set status = 'paused', pause_reason = reason, next_run_at = null
  where s.id = run.schedule_id and s.status = 'active';
  if found then
    perform private.tell_of_schedule(run, 'A scheduled report was paused: ' || run.name,
      'It cannot run any more: ' || detail || ' Nothing was sent. An admin can hand it to somebody else.', true);
  end if;
end
$$;

-- What follows from the end of a scheduled run, in the same transaction: each recipient is notified once, if the owner may
-- still export it; a refusal that lasts pauses the schedule; of other runs in a row without a file the first is told.
create function private.after_scheduled_run(run public.report_runs)
returns void
language plpgsql set search_path = ''
as $$
declare
  schedule public.report_schedules;
begin
  select * into schedule from public.report_schedules s where s.id = run.schedule_id for update;
  if schedule.id is null then
    return;
  end if;
  if run.status in ('ready', 'empty') and not private.owner_may_export(run) then
    perform private.pause_schedule_of(run, 'permission_denied', 'Its owner lacks a permission that it needs.');
  elsif run.status = 'ready' or run.status = 'empty' and schedule.on_empty = 'send' then
    perform private.deliver_to_members(run);
    perform private.deliver_outside(run);
  elsif run.status = 'refused' and private.is_lasting_refusal(run.reason) then
    perform private.pause_schedule_of(run, run.reason, run.detail);
  elsif run.status in ('refused', 'failed') and (
    select r.status in ('refused', 'failed') and not private.is_lasting_refusal(r.reason) from public.report_runs r
    where r.organization_id = run.organization_id and r.schedule_id = run.schedule_id and r.id < run.id
      and r.finished_at is not null
    order by r.id desc limit 1) is not true then
    perform private.tell_of_schedule(run, 'A scheduled report failed: ' || run.name,
      coalesce(run.detail, '') || ' Nothing was sent.', false);
  end if;
end
$$;
