-- Whether somebody still has a permission, with any scope, as an active member.
create function private.still_may(organization_id uuid, user_id uuid, permission text)
returns boolean
language sql stable set search_path = ''
as $$
  select exists (
    select from public.memberships m
    join public.role_permissions p on p.role_id = m.role_id and p.permission = still_may.permission
    where m.organization_id = still_may.organization_id and m.user_id = still_may.user_id and private.is_in_force(m))
$$;

-- Whether a link still opens a file: it was not revoked and has not expired, and the organization, its maker and the
-- run's owner may still give it.
create function private.is_open_link(link public.report_links)
returns boolean
language sql stable set search_path = ''
as $$
  select link.revoked_at is null and link.expires_at > now() and exists (
    select from public.report_runs r
    where r.organization_id = link.organization_id and r.id = link.run_id and r.status in ('ready', 'empty')
      and r.file_deleted_at is null and r.file_withdrawn_at is null
      and private.allows_outside_links(r.organization_id)
      and private.has_share_right(r.organization_id, link.created_by) and private.owner_may_export(r))
$$;

-- Opens the link of somebody outside: { file: { path, file_name, checksum } } or { file: { spreadsheet } }, or {
-- file: null } for a link that is unknown, revoked or expired, or that the organization or its maker may no longer
-- give. Security definer because the service role may not write downloads directly.
create function private.open_report_link(token text)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  address text := (select o.ip from private.request_origin() o);
  refusal jsonb := private.rate_limit_refusal(array['report_link'], array[address]);
  link public.report_links;
  run public.report_runs;
begin
  if refusal is not null then
    return refusal;
  end if;
  select * into link from public.report_links l where l.token_hash = private.token_hash(token);
  if link.id is null or not private.is_open_link(link) then
    return '{"file": null}'::jsonb;
  end if;
  select * into run from public.report_runs r where r.id = link.run_id;
  insert into private.report_downloads (run_id, link_id, address) values (run.id, link.id, address);
  perform private.audit_export(run.organization_id, 'report_runs', jsonb_build_object('link_id', link.id), run.id);
  return jsonb_build_object('file', private.report_file_json(run));
end
$$;
grant execute on function private.open_report_link(text) to service_role;

create function public.open_report_link(token text)
returns jsonb
language sql set search_path = ''
as $$
  select private.open_report_link(token)
$$;
comment on function public.open_report_link is 'Opens a link that was given to somebody outside, and records its use.';
grant execute on function public.open_report_link(text) to service_role;
