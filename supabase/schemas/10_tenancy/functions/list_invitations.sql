-- Security definer because it names roles and people that the caller may not see directly.
create function private.list_invitations(organization_id uuid, page_limit integer, page_offset integer)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
begin
  perform private.require_permission(organization_id, 'members:manage');
  return jsonb_build_object(
    'total', (
      select count(*) from public.invitations i
      where i.organization_id = list_invitations.organization_id and i.accepted_at is null),
    'rows', coalesce((
      select jsonb_agg(jsonb_build_object('id', p.id, 'email', p.email, 'full_name', p.full_name, 'team_id', p.team_id,
        'role', (select r.key from public.roles r where r.id = p.role_id), 'invited_by', p.invited_by,
        'invited_by_name', (select u.full_name from public.profiles u where u.id = p.invited_by),
        'expires_at', p.expires_at, 'expired', p.expires_at <= now(), 'created_at', p.created_at)
        order by p.created_at desc, p.id desc)
      from (
        select i.* from public.invitations i
        where i.organization_id = list_invitations.organization_id and i.accepted_at is null
        order by i.created_at desc, i.id desc limit page_limit offset page_offset
      ) p), '[]'));
end
$$;
grant execute on function private.list_invitations(uuid, integer, integer) to authenticated;

create function public.list_invitations(organization_id uuid, page_limit integer, page_offset integer)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.list_invitations(organization_id, private.page_size(page_limit), private.page_start(page_offset))
$$;
comment on function public.list_invitations is 'One page of the invitations that were not accepted yet, newest first.';
grant execute on function public.list_invitations(uuid, integer, integer) to authenticated;
