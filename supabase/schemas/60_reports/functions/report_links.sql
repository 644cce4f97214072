create function private.report_link_json(link public.report_links)
returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object('id', link.id, 'run_id', link.run_id, 'report_name', r.name, 'owner_id', r.owner_id,
    'owner_name', (select p.full_name from public.profiles p where p.id = r.owner_id), 'note', link.note,
    'created_by', link.created_by, 'created_at', link.created_at, 'expires_at', link.expires_at, 'revoked_at', link.revoked_at,
    'downloads', coalesce(d.downloads, 0), 'last_used_at', d.last_used_at, 'last_address', d.last_address)
  from (
    select count(*) as downloads, max(u.created_at) as last_used_at,
      (array_agg(u.address order by u.id desc))[1] as last_address
    from private.report_downloads u where u.link_id = link.id
  ) d
  join public.report_runs r on r.id = link.run_id
$$;

-- Whether the organization hands files to people outside by link.
create function private.allows_outside_links(organization_id uuid)
returns boolean
language sql stable set search_path = ''
as $$
  select exists (
    select from public.report_settings s
    join public.organizations o on o.id = s.organization_id and o.standing = 'approved'
    where s.organization_id = allows_outside_links.organization_id and s.outside_links)
$$;

-- POST /reports/runs/{id}/links: a link with its token, which is shown only in this answer. hours: null for the
-- organization's setting. Security definer because nobody may write links directly.
create function private.create_report_link(organization_id uuid, run_id uuid, note text, hours integer)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  run public.report_runs := private.require_report_run(organization_id, run_id);
  answer jsonb;
  token text := replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', '');
  link public.report_links;
begin
  perform private.require_permission(organization_id, 'reports:share');
  answer := private.idempotent_response(organization_id);
  if answer is not null then
    return answer;
  end if;
  perform private.require_run_rights(run);
  if not private.allows_outside_links(organization_id) then
    perform private.problem(403, 'outside_links_not_allowed',
      'The organization does not allow links for people without an account.');
  end if;
  perform private.require_valid(hours is null or hours between 1 and 720, 'hours', 'must be between 1 and 720');
  perform private.require_valid(char_length(coalesce(note, '')) <= 200 and private.is_plain(coalesce(note, '')), 'note',
    'must be a line of at most 200 characters');
  if run.status not in ('ready', 'empty') or run.file_deleted_at is not null
    or private.report_file_expiry(run) <= now() then
    perform private.problem(409, 'no_file', 'The run has no file that could be shared.');
  end if;
  insert into public.report_links (organization_id, run_id, token_hash, note, created_by, expires_at)
  select create_report_link.organization_id, run.id, private.token_hash(token), coalesce(create_report_link.note, ''),
    auth.uid(), least(now() + make_interval(hours => coalesce(hours, s.outside_link_hours)),
      private.report_file_expiry(run))
  from public.report_settings s where s.organization_id = create_report_link.organization_id
  returning * into link;
  answer := private.report_link_json(link);
  perform private.store_idempotent_response(organization_id, answer || '{"token": null}');
  return answer || jsonb_build_object('token', token);
end
$$;
grant execute on function private.create_report_link(uuid, uuid, text, integer) to authenticated;

create function public.create_report_link(organization_id uuid, run_id uuid, note text default '',
  hours integer default null)
returns jsonb
language sql set search_path = ''
as $$
  select private.create_report_link(organization_id, run_id, note, hours)
$$;
comment on function public.create_report_link is
  'A link to a run''s file for somebody without an account; only this answer contains the token.';
grant execute on function public.create_report_link(uuid, uuid, text, integer) to authenticated;

-- The newest links to a run of the caller's; with organization:update to any run, or without one to all, with the names
-- of reports and owners but nothing that files hold: who revokes links must find them. Security definer because downloads
-- are not readable directly.
create function private.list_report_links(organization_id uuid, run_id uuid, page_limit integer, page_offset integer)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
  is_admin boolean := organization_id = any (private.organizations_with('organization:update'));
begin
  if run_id is null then
    perform private.require_permission(organization_id, 'organization:update');
  elsif not is_admin then
    perform private.require_report_run(organization_id, run_id);
  elsif not exists (
    select from public.report_runs r where r.organization_id = list_report_links.organization_id
      and r.id = list_report_links.run_id) then
    perform private.problem(404, 'not_found', 'There is no such run.');
  end if;
  return (
    with found as materialized (
      select l.id from public.report_links l
      where l.organization_id = list_report_links.organization_id
        and (list_report_links.run_id is null or l.run_id = list_report_links.run_id)
    ), page as (
      select f.id from found f order by f.id desc limit page_limit offset page_offset
    )
    select jsonb_build_object('total', (select count(*) from found), 'rows', coalesce((
      select jsonb_agg(private.report_link_json(l) order by l.id desc)
      from page p join public.report_links l on l.id = p.id), '[]')));
end
$$;
grant execute on function private.list_report_links(uuid, uuid, integer, integer) to authenticated;

create function public.list_report_links(organization_id uuid, run_id uuid default null, page_limit integer default 50,
  page_offset integer default 0)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.list_report_links(organization_id, run_id, private.page_size(page_limit),
    private.page_start(page_offset))
$$;
comment on function public.list_report_links is
  'One page of the links to a run''s file, or to all files for admins, their use, and their total number.';
grant execute on function public.list_report_links(uuid, uuid, integer, integer) to authenticated;

-- Revokes the caller's own link, or as somebody who may change the organization any link. Security definer because nobody
-- may write links directly.
create function private.revoke_report_link(organization_id uuid, link_id uuid)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  link public.report_links;
begin
  perform private.require_scope(organization_id, 'reports:read');
  update public.report_links l
  set revoked_at = coalesce(l.revoked_at, now()), revoked_by = coalesce(l.revoked_by, auth.uid())
  where l.organization_id = revoke_report_link.organization_id and l.id = link_id
    and (l.created_by = auth.uid()
      or l.organization_id = any (private.organizations_with('organization:update')))
  returning * into link;
  if link.id is null then
    perform private.problem(404, 'not_found', 'There is no such link.');
  end if;
  return private.report_link_json(link);
end
$$;
grant execute on function private.revoke_report_link(uuid, uuid) to authenticated;

create function public.revoke_report_link(organization_id uuid, link_id uuid)
returns jsonb
language sql set search_path = ''
as $$
  select private.revoke_report_link(organization_id, link_id)
$$;
comment on function public.revoke_report_link is 'Ends a link at once.';
grant execute on function public.revoke_report_link(uuid, uuid) to authenticated;
