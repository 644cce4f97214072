-- Replaces the recipients: e-mail addresses, of which those of active members are members. The owner's reports:share
-- says whom the rows may reach; a caller who names others than the owner needs it too. Addresses of people without an
-- account also need an organization that allows links.
create function private.set_recipients(schedule public.report_schedules, recipients jsonb)
returns void
language plpgsql set search_path = ''
as $$
declare
  outside boolean;
  others boolean;
  reached boolean;
begin
  perform private.require_valid(jsonb_typeof(recipients) = 'array' and jsonb_array_length(recipients) between 1 and 50
    and not exists (
      select from jsonb_array_elements(recipients) r where jsonb_typeof(r) <> 'string' or char_length(r #>> '{}') > 254
        or (r #>> '{}') !~ '^[^@\s]+@[^@\s]+\.[^@\s]+$'), 'recipients', 'must be 1 to 50 e-mail addresses');
  perform private.require_valid(not exists (
    select from jsonb_array_elements_text(recipients) e
    join public.profiles f on lower(f.email) = lower(btrim(e))
    join public.memberships m on m.organization_id = schedule.organization_id and m.user_id = f.id
    where not private.still_may(m.organization_id, m.user_id, 'reports:read')), 'recipients',
    'must not name members who are suspended or may not open reports');
  delete from public.report_recipients c
  where c.organization_id = schedule.organization_id and c.schedule_id = schedule.id;
  insert into public.report_recipients (organization_id, schedule_id, user_id, address)
  select distinct schedule.organization_id, schedule.id, p.user_id, case when p.user_id is null then r.address end
  from (select lower(btrim(e)) as address from jsonb_array_elements_text(recipients) e) r
  left join lateral (
    select m.user_id from public.memberships m
    join public.profiles f on f.id = m.user_id
    where m.organization_id = schedule.organization_id and m.status = 'active' and lower(f.email) = r.address
  ) p on true;
  select coalesce(bool_or(c.address is not null), false),
    coalesce(bool_or(c.user_id is distinct from schedule.owner_id), false),
    bool_and(private.may_send_to(c.organization_id, schedule.owner_id, c.user_id))
  into outside, others, reached
  from public.report_recipients c
  where c.organization_id = schedule.organization_id and c.schedule_id = schedule.id;
  if others then
    perform private.require_scope(schedule.organization_id, 'reports:share');
  end if;
  if outside and not private.allows_outside_links(schedule.organization_id) then
    perform private.require_permission(schedule.organization_id, 'reports:share');
    perform private.problem(403, 'outside_links_not_allowed',
      'The organization does not allow files for people without an account.');
  end if;
  if not reached then
    perform private.problem(403, 'permission_denied',
      'The permission reports:share of the schedule''s owner does not reach all of these recipients.');
  end if;
end
$$;

-- Whether the rows of somebody may be sent to this person, or to people without an account (null).
create function private.may_send_to(organization_id uuid, sender uuid, recipient uuid)
returns boolean
language sql stable set search_path = ''
as $$
  select coalesce(recipient = sender, false) or private.has_share_right(organization_id, sender) or exists (
    select from public.memberships m
    join public.role_permissions p on p.role_id = m.role_id and p.permission = 'reports:share' and p.scope = 'team'
    join public.memberships c on c.organization_id = m.organization_id and c.user_id = recipient
      and c.team_id = m.team_id
    where m.organization_id = may_send_to.organization_id and m.user_id = sender and private.is_in_force(m))
$$;
