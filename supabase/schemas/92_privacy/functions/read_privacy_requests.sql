-- Security definer because no API role may read requests.
create function private.list_privacy_requests(organization_id uuid, page_limit integer, page_offset integer)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
begin
  perform private.require_privacy(organization_id);
  return (
    select jsonb_build_object(
      'total', (select count(*) from private.privacy_requests r
        where r.organization_id = list_privacy_requests.organization_id),
      'rows', coalesce(jsonb_agg(private.privacy_request_json(p) order by p.id desc), '[]'))
    from (
      select * from private.privacy_requests r where r.organization_id = list_privacy_requests.organization_id
      order by r.id desc limit page_limit offset page_offset
    ) p);
end
$$;
grant execute on function private.list_privacy_requests(uuid, integer, integer) to authenticated;

create function public.list_privacy_requests(organization_id uuid, page_limit integer, page_offset integer)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.list_privacy_requests(organization_id,
    private.page_size(page_limit), private.page_start(page_offset))
$$;
comment on function public.list_privacy_requests is 'One page of the exports and erasures of people, newest first.';
grant execute on function public.list_privacy_requests(uuid, integer, integer) to authenticated;

-- Security definer because no API role may read requests.
create function private.get_privacy_request(organization_id uuid, request_id uuid)
returns jsonb
language sql stable security definer set search_path = ''
as $$
  select private.privacy_request_json(private.require_privacy_request(organization_id, request_id))
$$;
grant execute on function private.get_privacy_request(uuid, uuid) to authenticated;

create function public.get_privacy_request(organization_id uuid, request_id uuid)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.get_privacy_request(organization_id, request_id)
$$;
comment on function public.get_privacy_request is 'An export or erasure: how far it is, what it found, what is kept.';
grant execute on function public.get_privacy_request(uuid, uuid) to authenticated;

-- The next rows of an export, table by table: { rows: [{ relation, number, content }] }, at most 1,000. The first slice
-- of a download is recorded. Security definer because no API role may read the rows.
create function private.download_privacy_export(organization_id uuid, request_id uuid, after_relation text,
  after_number bigint)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  request private.privacy_requests := private.require_privacy_request(organization_id, request_id);
  refusal jsonb;
begin
  if request.kind <> 'export' then
    perform private.problem(409, 'not_an_export', 'Only an export has a file.');
  end if;
  if request.status <> 'done' then
    perform private.problem(409, 'export_not_ready', 'The export is not ready.');
  end if;
  if request.finished_at < now() - private.privacy_export_lifetime() or request.person = '{}' then
    perform private.problem(410, 'file_expired', 'The export was deleted. Ask for another one.');
  end if;
  refusal := private.begin_export(organization_id, 'privacy_requests', '{}', after_relation is not null, request.id);
  if refusal is not null then
    return refusal;
  end if;
  return jsonb_build_object('rows', coalesce((
    select jsonb_agg(jsonb_build_object('relation', n.relation, 'number', n.number, 'content', n.content)
      order by n.relation, n.number)
    from (
      select w.relation, w.number, w.content from private.privacy_rows w
      where w.request_id = request.id and (after_relation is null or (w.relation, w.number)
        > (after_relation, coalesce(after_number, 0)))
      order by w.relation, w.number limit 1000
    ) n), '[]'));
end
$$;
grant execute on function private.download_privacy_export(uuid, uuid, text, bigint) to authenticated;

create function public.download_privacy_export(organization_id uuid, request_id uuid,
  after_relation text default null, after_number bigint default null)
returns jsonb
language sql set search_path = ''
as $$
  select private.download_privacy_export(organization_id, request_id, after_relation, after_number)
$$;
comment on function public.download_privacy_export is 'The next rows of an export, for its file; records the download.';
grant execute on function public.download_privacy_export(uuid, uuid, text, bigint) to authenticated;
