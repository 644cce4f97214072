-- Whether a person may act as somebody with this role in this team: then they see no row that they do not see themselves.
-- A permission of scope team covers people of the same team only. One of scope own covers nothing, because own rows are
-- the target's while acting; notifications and notes, which everybody has for themselves, are excepted.
create function private.may_act_as(organization_id uuid, admin uuid, target_role uuid, target_team uuid)
returns boolean
language sql stable set search_path = ''
as $$
  select not exists (
    select from public.role_permissions required
    where required.role_id = target_role and not exists (
      select from public.memberships m
      join public.role_permissions held on held.role_id = m.role_id and held.permission = required.permission
      where m.user_id = admin and m.organization_id = may_act_as.organization_id and m.status = 'active'
        and case held.scope
          when 'organization' then true
          when 'team' then required.scope <> 'organization' and m.team_id = target_team
          else required.scope = 'own' and required.permission in ('notifications:read', 'notes:read', 'notes:send') end
    )
  )
$$;

-- The organization of the open impersonation that a token names: both are active members, the admin may still
-- impersonate and has no fewer rights than the target (private.may_act_as). Null otherwise.
create function private.impersonated_organization(claims jsonb, admin uuid)
returns uuid
language sql stable set search_path = ''
as $$
  select i.organization_id
  from private.impersonations i
  join public.memberships a on a.organization_id = i.organization_id and a.user_id = i.admin_id and a.status = 'active'
  join public.role_permissions p
    on p.role_id = a.role_id and p.permission = 'members:impersonate' and p.scope = 'organization'
  join public.memberships t on t.organization_id = i.organization_id and t.user_id = i.target_id and t.status = 'active'
  where i.id = (claims ->> 'session_id')::uuid and i.admin_id = admin and i.target_id = (claims ->> 'sub')::uuid
    and i.ended_at is null and i.expires_at > now()
    and private.may_act_as(i.organization_id, i.admin_id, t.role_id, t.team_id)
$$;

-- Writes the audit entry under the admin's name: while acting as somebody the actor is the target.
create function private.audit_impersonation(impersonation private.impersonations, action text)
returns void
language sql set search_path = ''
as $$
  insert into public.audit_logs
    (organization_id, actor_id, action, resource, resource_id, after, via, request_id, ip)
  select impersonation.organization_id, impersonation.admin_id, audit_impersonation.action, 'impersonations',
    impersonation.id, jsonb_build_object('target_id', impersonation.target_id, 'reason', impersonation.reason,
      'expires_at', impersonation.expires_at), o.via, o.request_id, o.ip
  from private.request_origin() o
$$;

-- The target finds it in their notifications, whatever their preferences.
create function private.notify_of_impersonation(impersonation private.impersonations)
returns void
language sql set search_path = ''
as $$
  insert into public.notifications (organization_id, user_id, kind, title, body, data, event_key)
  select impersonation.organization_id, impersonation.target_id, 'impersonation', 'An administrator acts as you',
    format('%s acts as you until %s (UTC). Reason: %s', p.full_name,
      to_char(impersonation.expires_at at time zone 'UTC', 'HH24:MI'), impersonation.reason),
    jsonb_build_object('impersonation_id', impersonation.id, 'admin_id', p.id), 'impersonation:' || impersonation.id
  from public.profiles p where p.id = impersonation.admin_id
$$;

-- Returns what the function makes the token of: { impersonation_id, admin_id, target_id, expires_at }.
-- Security definer because nobody may write impersonations directly.
create function private.impersonate(organization_id uuid, user_id uuid, reason text)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  refusal jsonb;
  target public.memberships;
  started private.impersonations;
begin
  perform private.require_permission(organization_id, 'members:impersonate');
  perform private.require_valid(char_length(btrim(reason)) between 5 and 500 and private.is_plain(reason), 'reason',
    'must say why in one line of 5 to 500 characters');
  select * into target from public.memberships m
  where m.organization_id = impersonate.organization_id and m.user_id = impersonate.user_id and not m.is_service;
  if target.id is null then
    perform private.problem(404, 'not_found', 'There is no such user.');
  elsif target.user_id = auth.uid() then
    perform private.problem(422, 'own_account', 'You are this person already.');
  elsif target.status <> 'active' then
    perform private.problem(409, 'not_active', 'A suspended person cannot be impersonated.');
  end if;
  if not private.may_act_as(organization_id, auth.uid(), target.role_id, target.team_id) then
    perform private.problem(403, 'role_exceeds_own', 'This person has rights or rows that you do not have.');
  end if;
  refusal := private.over_rate_limit('impersonate');
  if refusal is not null then
    return refusal;
  end if;
  insert into private.impersonations (organization_id, admin_id, target_id, reason)
  values (organization_id, auth.uid(), user_id, btrim(reason))
  returning * into started;
  perform private.audit_impersonation(started, 'impersonation_started');
  perform private.notify_of_impersonation(started);
  return jsonb_build_object('impersonation_id', started.id, 'admin_id', started.admin_id,
    'target_id', started.target_id, 'expires_at', started.expires_at);
end
$$;
grant execute on function private.impersonate(uuid, uuid, text) to authenticated;

create function public.impersonate(organization_id uuid, user_id uuid, reason text)
returns jsonb
language sql set search_path = ''
as $$
  select private.impersonate(organization_id, user_id, reason)
$$;
comment on function public.impersonate is
  'Opens an impersonation of a member for 15 minutes; the function admin makes the token.';
grant execute on function public.impersonate(uuid, uuid, text) to authenticated;

-- Ends the impersonation of the request's token, whose organization need not be named; with an own session, all that the
-- caller has open in the organization. Returns their number.
-- Security definer because nobody may write impersonations directly.
create function private.end_impersonation(organization_id uuid)
returns integer
language plpgsql security definer set search_path = ''
as $$
declare
  claims jsonb := nullif(current_setting('request.jwt.claims', true), '')::jsonb;
  admin uuid := coalesce(private.impersonator(), auth.uid());
  ended private.impersonations;
  count integer := 0;
begin
  if claims ? 'act' then
    organization_id := coalesce(organization_id, (private.my_organizations())[1]);
  end if;
  perform private.require_member(organization_id);
  for ended in
    update private.impersonations i set ended_at = now()
    where i.organization_id = end_impersonation.organization_id and i.admin_id = admin and i.ended_at is null
      and i.expires_at > now() and (not claims ? 'act' or i.id = (claims ->> 'session_id')::uuid)
    returning i.*
  loop
    perform private.audit_impersonation(ended, 'impersonation_ended');
    count := count + 1;
  end loop;
  return count;
end
$$;
grant execute on function private.end_impersonation(uuid) to authenticated;

create function public.end_impersonation(organization_id uuid default null)
returns integer
language sql set search_path = ''
as $$
  select private.end_impersonation(organization_id)
$$;
comment on function public.end_impersonation is
  'Ends the impersonation of this token, or all that the caller has open in the organization.';
grant execute on function public.end_impersonation(uuid) to authenticated;
