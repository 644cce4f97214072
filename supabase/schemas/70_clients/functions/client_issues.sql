create function private.client_issue_json(issue public.client_issues)
returns jsonb
language sql stable set search_path = ''
as $$
  select to_jsonb(issue) - array['organization_id', 'close_recorded_at'] || jsonb_build_object(
    'type_label', (
      select t.label from public.incident_types t
      where t.organization_id = issue.organization_id and t.key = issue.type),
    'created_by_name', (select p.full_name from public.profiles p where p.id = issue.created_by),
    'closed_by_name', (select p.full_name from public.profiles p where p.id = issue.closed_by))
$$;

create function private.require_incident_type(organization_id uuid, type text)
returns void
language plpgsql volatile set search_path = ''
as $$
begin
  perform from public.incident_types t
  where t.organization_id = require_incident_type.organization_id and t.key = type for key share;
  perform private.require_valid(found, 'type', 'is not an incident type of the organization');
end
$$;

-- Without a type an issue has the last of the organization's types. Security definer because callers may not write
-- issues directly.
create function private.create_client_issue(organization_id uuid, client_id uuid, issue jsonb)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  client public.clients;
  created public.client_issues;
  answer jsonb;
begin
  perform private.require_scope(organization_id, 'issues:write');
  answer := private.idempotent_response(organization_id);
  if answer is not null then
    return answer;
  end if;
  client := private.require_client(organization_id, client_id, 'issues:write', true);
  created := jsonb_populate_record(null::public.client_issues, issue);
  created.type := coalesce(created.type, (
    select t.key from public.incident_types t where t.organization_id = client.organization_id
    order by t.position desc limit 1));
  perform private.require_incident_type(organization_id, created.type);
  perform private.require_valid(coalesce(created.opened_at, now()) <= now() + private.clock_tolerance(), 'opened_at',
    'is in the future');
  insert into public.client_issues (organization_id, client_id, type, title, description, severity, contract_code,
    external_customer_id, opened_at, created_by, recorded_at)
  values (client.organization_id, client.id, created.type, created.title, created.description,
    coalesce(created.severity, 'medium'), created.contract_code, created.external_customer_id,
    least(coalesce(created.opened_at, now()), clock_timestamp()), auth.uid(), clock_timestamp())
  returning * into created;
  return private.store_idempotent_response(organization_id, private.client_issue_json(created));
end
$$;
grant execute on function private.create_client_issue(uuid, uuid, jsonb) to authenticated;

create function public.create_client_issue(organization_id uuid, client_id uuid, issue jsonb)
returns jsonb
language sql set search_path = ''
as $$
  select private.create_client_issue(organization_id, client_id, issue)
$$;
comment on function public.create_client_issue is 'Adds an issue: { title, type?, severity?, description?,
contract_code?, external_customer_id?, opened_at? }.';
grant execute on function public.create_client_issue(uuid, uuid, jsonb) to authenticated;

-- change: { type?, title?, description?, severity?, status?, resolution?, closed_at? }. Status closed needs no
-- closed_at; a closed issue keeps its status. Security definer because callers may not write issues directly.
create function private.update_client_issue(organization_id uuid, client_id uuid, issue_id uuid, change jsonb)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  current public.client_issues;
  updated public.client_issues;
begin
  perform private.require_client(organization_id, client_id, 'issues:write');
  select * into current from public.client_issues i
  where i.organization_id = update_client_issue.organization_id and i.client_id = update_client_issue.client_id
    and i.id = issue_id for update;
  if current.id is null then
    perform private.problem(404, 'not_found', 'There is no such issue.');
  end if;
  updated := jsonb_populate_record(current, (
    select coalesce(jsonb_object_agg(f.key, f.value), '{}') from jsonb_each(change) f
    where f.key in ('type', 'title', 'description', 'severity', 'status', 'resolution', 'closed_at')));
  if current.status = 'closed' and (updated.status, updated.closed_at)
      is distinct from (current.status, current.closed_at) then
    perform private.problem(409, 'issue_closed',
      'A closed issue stays closed. If it has come back, add a new one with the same title.');
  end if;
  if updated.status = 'closed' and current.status <> 'closed' then
    updated.closed_at := least(coalesce(updated.closed_at, now()), clock_timestamp());
    updated.close_recorded_at := clock_timestamp();
    updated.closed_by := auth.uid();
    perform private.require_valid(updated.closed_at >= updated.opened_at, 'closed_at',
      'is before the issue was opened');
  end if;
  perform private.require_valid(updated.status = 'closed' or updated.closed_at is null, 'closed_at',
    'is for closed issues');
  perform private.require_incident_type(organization_id, updated.type);
  update public.client_issues i
  set type = updated.type, title = updated.title, description = updated.description, severity = updated.severity,
    status = updated.status, resolution = updated.resolution, closed_at = updated.closed_at,
    close_recorded_at = updated.close_recorded_at, closed_by = updated.closed_by
  where i.organization_id = update_client_issue.organization_id and i.id = issue_id
  returning * into updated;
  return private.client_issue_json(updated);
end
$$;
grant execute on function private.update_client_issue(uuid, uuid, uuid, jsonb) to authenticated;

create function public.update_client_issue(organization_id uuid, client_id uuid, issue_id uuid, change jsonb)
returns jsonb
language sql set search_path = ''
as $$
  select private.update_client_issue(organization_id, client_id, issue_id, change)
$$;
comment on function public.update_client_issue is
  'Changes an issue: { type?, title?, description?, severity?, status?, resolution?, closed_at? }.';
grant execute on function public.update_client_issue(uuid, uuid, uuid, jsonb) to authenticated;

-- Newest first. filters: { status?, type? }. Security definer: see list_clients.
create function private.list_client_issues(
  organization_id uuid, client_id uuid, filters jsonb, page_limit integer, page_offset integer)
returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  client public.clients := private.require_client(organization_id, client_id, 'clients:read');
begin
  return jsonb_build_object(
    'total', (
      select count(*) from public.client_issues i
      where i.organization_id = client.organization_id and i.client_id = client.id
        and i.status = coalesce(filters ->> 'status', i.status) and i.type = coalesce(filters ->> 'type', i.type)),
    'rows', coalesce((
      select jsonb_agg(private.client_issue_json(p.issue) order by p.id desc)
      from (
        select i.id, i as issue from public.client_issues i
        where i.organization_id = client.organization_id and i.client_id = client.id
          and i.status = coalesce(filters ->> 'status', i.status) and i.type = coalesce(filters ->> 'type', i.type)
        order by i.id desc limit page_limit offset page_offset
      ) p), '[]'));
end
$$;
grant execute on function private.list_client_issues(uuid, uuid, jsonb, integer, integer) to authenticated;

create function public.list_client_issues(
  organization_id uuid, client_id uuid, page_limit integer, page_offset integer, filters jsonb default '{}')
returns jsonb
language sql set search_path = ''
as $$
  select private.list_client_issues(organization_id, client_id, filters, private.page_size(page_limit),
    private.page_start(page_offset))
$$;
comment on function public.list_client_issues is 'One page of a client''s issues, newest first.';
grant execute on function public.list_client_issues(uuid, uuid, integer, integer, jsonb) to authenticated;
