-- The team with which the caller shares a report; null for the other kinds of sharing. 403 beyond the scope of
-- reports:share.
create function private.sharing_team(organization_id uuid, sharing text)
returns uuid
language plpgsql stable set search_path = ''
as $$
declare
  scope text;
  team uuid;
begin
  perform private.require_valid(sharing in ('private', 'team', 'organization'), 'sharing',
    'must be private, team or organization');
  if sharing = 'private' then
    return null;
  end if;
  scope := private.require_scope(organization_id, 'reports:share');
  if scope = 'own' or sharing = 'organization' and scope <> 'organization' then
    perform private.problem(403, 'permission_denied', 'Your permission reports:share does not reach so far.');
  end if;
  if sharing = 'team' then
    team := (select m.team_id from public.memberships m
      where m.organization_id = sharing_team.organization_id and m.user_id = auth.uid());
    perform private.require_valid(team is not null, 'sharing', 'is not possible: you are in no team');
  end if;
  return team;
end
$$;

-- Pauses the schedules of others that would send what somebody else has just changed, and notifies their owners.
create function private.pause_changed_schedules(report public.reports)
returns void
language sql set search_path = ''
as $$
  with paused as (
    update public.report_schedules s set status = 'paused', pause_reason = 'report_changed', next_run_at = null
    where s.organization_id = report.organization_id and s.report_id = report.id and s.status = 'active'
      and s.owner_id is distinct from auth.uid()
    returning s.id, s.owner_id
  )
  select private.notify(array_agg(row(report.organization_id, p.owner_id, 'report_schedule',
    format('report_changed:%s:%s', p.id, report.version), 'A scheduled report was paused: ' || report.name,
    'Somebody else changed the report. Check it and activate the schedule again.',
    jsonb_build_object('report_id', report.id), null)::private.notification))
  from paused p
$$;

-- PATCH /reports/{id}. change: { name?, description?, sharing?, definition? }; of the definition only what is given
-- changes. { report }, or { stale } with the current report when its version is not the expected one. Security definer
-- because callers may not write reports directly.
create function private.update_report(organization_id uuid, report_id uuid, change jsonb, expected_version integer)
returns jsonb
language plpgsql security definer set search_path = '' set jit = off
as $$
declare
  report public.reports := private.require_visible_report(organization_id, report_id, true);
  before jsonb := report.definition;
begin
  if report.version <> expected_version then
    return jsonb_build_object('stale', private.report_json(report));
  end if;
  perform private.require_keys(change, array['name', 'description', 'sharing', 'definition'], '');
  if change ? 'definition' then
    perform private.require_valid(jsonb_typeof(change -> 'definition') = 'object', '', 'must be an object');
    report.definition := private.checked_report(report.definition || (change -> 'definition'));
    perform private.report_query(private.report_context(organization_id, now(), false), report.definition, 0);
  end if;
  if change ? 'sharing' and change ->> 'sharing' is distinct from report.sharing then
    report.team_id := private.sharing_team(organization_id, change ->> 'sharing');
    report.sharing := change ->> 'sharing';
  end if;
  perform private.require_valid(not change ? 'name' or char_length(btrim(change ->> 'name')) between 1 and 200
    and private.is_plain(change ->> 'name'), 'name', 'must be a line of 1 to 200 characters');
  perform private.require_valid(char_length(coalesce(change ->> 'description', '')) <= 1000
    and private.is_multiline(coalesce(change ->> 'description', '')), 'description',
    'must have at most 1,000 characters, no control characters among them');
  update public.reports r
  set name = coalesce(btrim(change ->> 'name'), r.name), description = coalesce(change ->> 'description', r.description),
    sharing = report.sharing, team_id = report.team_id, definition = report.definition,
    source = report.definition ->> 'source'
  where r.id = report.id
  returning * into report;
  if report.definition <> before then
    perform private.pause_changed_schedules(report);
  end if;
  return jsonb_build_object('report', private.report_json(report));
end
$$;
grant execute on function private.update_report(uuid, uuid, jsonb, integer) to authenticated;

create function public.update_report(organization_id uuid, report_id uuid, change jsonb,
  expected_version integer default null)
returns jsonb
language sql set search_path = ''
as $$
  select private.update_report(organization_id, report_id, change, expected_version)
$$;
comment on function public.update_report is
  'Changes a report if it has the expected version: { report }, else { stale } with the current report.';
grant execute on function public.update_report(uuid, uuid, jsonb, integer) to authenticated;
