-- Operators have no accounts here, so they give their name for the log.
create function private.require_operator(operator text)
returns void
language sql immutable set search_path = ''
as $$
  select private.require_valid(char_length(btrim(operator)) between 1 and 200 and private.is_plain(operator),
    'operator', 'must name the person who decides')
$$;

-- Changes the standing of an organization; the audit log has it with the operator and the reason.
create function private.set_standing(organization_id uuid, standing text, operator text, reason text)
returns jsonb
language plpgsql set search_path = ''
as $$
declare
  organization public.organizations;
begin
  perform private.require_operator(operator);
  update public.organizations o set standing = set_standing.standing, standing_reason = nullif(btrim(reason), ''),
    standing_changed_at = now(), standing_changed_by = btrim(operator)
  where o.id = set_standing.organization_id
  returning * into organization;
  if organization.id is null then
    perform private.problem(404, 'not_found', 'There is no such organization.');
  end if;
  return private.operated_organization_json(organization);
end
$$;

-- Security definer because no API role may write the standing.
create function private.approve_organization(organization_id uuid, operator text, reason text)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  answer jsonb := private.set_standing(organization_id, 'approved', operator, reason);
begin
  perform private.notify_admins(organization_id, 'organization_approved', 'Your organization was approved',
    'Messages and invitations are no longer limited to its own members.');
  return answer;
end
$$;
grant execute on function private.approve_organization(uuid, text, text) to service_role;

create function public.approve_organization(organization_id uuid, operator text, reason text default null)
returns jsonb
language sql set search_path = ''
as $$
  select private.approve_organization(organization_id, operator, reason)
$$;
comment on function public.approve_organization is
  'For operators of the platform: ends the sandbox or the suspension of an organization.';
grant execute on function public.approve_organization(uuid, text, text) to service_role;

-- Security definer because no API role may write the standing.
create function private.suspend_organization(organization_id uuid, operator text, reason text)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
begin
  perform private.require_valid(char_length(btrim(reason)) between 1 and 500, 'reason', 'must say why');
  return private.set_standing(organization_id, 'suspended', operator, reason);
end
$$;
grant execute on function private.suspend_organization(uuid, text, text) to service_role;

create function public.suspend_organization(organization_id uuid, operator text, reason text)
returns jsonb
language sql set search_path = ''
as $$
  select private.suspend_organization(organization_id, operator, reason)
$$;
comment on function public.suspend_organization is
  'For operators of the platform: ends all access to an organization and everything that is sent for it.';
grant execute on function public.suspend_organization(uuid, text, text) to service_role;
