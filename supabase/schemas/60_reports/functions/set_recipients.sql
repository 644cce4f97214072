-- Replaces the recipients: e-mail addresses, of which those of active members are members. Members other than the owner
-- need reports:share: with the scope team those of one's team; addresses outside the scope organization, and an
-- organization that allows links.
create function private.set_recipients(schedule public.report_schedules, recipients jsonb)
returns void
language plpgsql set search_path = ''
as $$
declare
  access record := private.totals_scope(schedule.organization_id, 'reports:read');
  outside boolean;
  elsewhere boolean;
begin
  perform private.require_valid(jsonb_typeof(recipients) = 'array' and jsonb_array_length(recipients) between 1 and 50
    and not exists (
      select from jsonb_array_elements(recipients) r where jsonb_typeof(r) <> 'string' or char_length(r #>> '{}') > 254
        or (r #>> '{}') !~ '^[^@\s]+@[^@\s]+\.[^@\s]+$'), 'recipients', 'must be 1 to 50 e-mail addresses');
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
    coalesce(bool_or(c.user_id <> auth.uid() and m.team_id is distinct from access.team or c.user_id <> auth.uid()
      and access.team is null), false)
  into outside, elsewhere
  from public.report_recipients c
  left join public.memberships m on m.organization_id = c.organization_id and m.user_id = c.user_id
  where c.organization_id = schedule.organization_id and c.schedule_id = schedule.id;
  if outside then
    perform private.require_permission(schedule.organization_id, 'reports:share');
    if not private.allows_outside_links(schedule.organization_id) then
      perform private.problem(403, 'outside_links_not_allowed',
        'The organization does not allow files for people without an account.');
    end if;
  elsif elsewhere then
    perform private.require_permission(schedule.organization_id, 'reports:share');
  elsif exists (
    select from public.report_recipients c
    where c.organization_id = schedule.organization_id and c.schedule_id = schedule.id
      and c.user_id is distinct from auth.uid()) then
    perform private.require_scope(schedule.organization_id, 'reports:share');
  end if;
end
$$;
