-- The answer of GET /auth/me. actor is null if the organization is not clear, or is suspended.
-- Security definer because it finds memberships by user alone, without the policies that ask for the organization.
create function private.me(requested uuid)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
  profile jsonb;
  claims jsonb := nullif(current_setting('request.jwt.claims', true), '')::jsonb;
  bound uuid;
begin
  perform private.require_session();
  if claims ?| array['act', 'token_use'] then
    bound := private.delegated_organization(claims);
  end if;
  select jsonb_build_object('id', p.id, 'email', p.email, 'full_name', p.full_name, 'phone', p.phone,
    'phone_confirmed_at', p.phone_confirmed_at, 'created_at', p.created_at)
  into profile from public.profiles p where p.id = auth.uid();
  if profile is null then
    perform private.problem(401, 'not_signed_in', 'This account no longer exists.');
  end if;
  return jsonb_build_object(
    'profile', profile,
    'impersonator', (
      select jsonb_build_object('id', p.id, 'full_name', p.full_name) from public.profiles p
      where p.id = private.impersonator()),
    'memberships', (
      select coalesce(jsonb_agg(jsonb_build_object(
        'organization_id', m.organization_id, 'organization_name', o.name, 'organization_standing', o.standing,
        'role', r.key, 'status', m.status, 'is_default', m.is_default) order by m.created_at), '[]')
      from public.memberships m
      join public.organizations o on o.id = m.organization_id
      join public.roles r on r.id = m.role_id
      where m.user_id = auth.uid() and (bound is null or m.organization_id = bound)
    ),
    'actor', case
      when bound is not null or requested is not null or (
        select (count(*) = 1 or bool_or(m.is_default))
          and (array_agg(o.standing order by m.is_default desc, m.created_at))[1] <> 'suspended'
        from public.memberships m join public.organizations o on o.id = m.organization_id
        where m.user_id = auth.uid() and m.status = 'active')
      then private.actor(requested)
    end
  );
end
$$;
grant execute on function private.me(uuid) to authenticated;

create function public.me(organization_id uuid default null)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.me(organization_id)
$$;
comment on function public.me is 'The caller: profile, memberships and, where the organization is clear, the actor.';
grant execute on function public.me(uuid) to authenticated;
