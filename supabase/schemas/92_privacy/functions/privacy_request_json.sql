-- What erasing leaves and why: of the database by table, and what lies outside of it.
create function private.privacy_kept()
returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_agg(jsonb_build_object('what', k.relation, 'columns', k.columns, 'why', k.reason)
    order by k.relation, k.reason)
  from (
    select d.relation, d.reason, to_jsonb(array_agg(d.column_name order by d.column_name)) as columns
    from private.personal_data d
    where d.reason is not null and d.reason !~ '^A copy' group by d.relation, d.reason
  ) k
$$;

create function private.privacy_request_json(request private.privacy_requests)
returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object('id', request.id, 'kind', request.kind, 'subject', request.subject,
    'status', request.status, 'error', request.error, 'requested_by', request.requested_by,
    'created_at', request.created_at, 'finished_at', request.finished_at,
    'expires_at', case when request.kind = 'export' then request.finished_at + private.privacy_export_lifetime() end,
    'matched', jsonb_build_object(
      'lead_ids', coalesce(request.person -> 'lead_ids', '[]'),
      'customer_ids', coalesce(request.person -> 'customer_ids', '[]'),
      'client_ids', coalesce(request.person -> 'client_ids', '[]'),
      'contact_ids', coalesce(request.person -> 'contact_ids', '[]'),
      'phones', coalesce(request.person -> 'phones', '[]'),
      'unclear_phones', coalesce(request.person -> 'unclear_phones', '[]')),
    'records', request.records,
    'kept', case when request.kind = 'erase' then private.privacy_kept() else '[]' end)
$$;

-- Who may ask: admins themselves, never a key and never somebody who acts as them.
create function private.require_privacy(organization_id uuid)
returns void
language plpgsql stable set search_path = ''
as $$
begin
  perform private.require_permission(organization_id, 'privacy:manage');
  perform private.require_own_session();
end
$$;

-- Security definer because no API role may read requests.
create function private.require_privacy_request(organization_id uuid, request_id uuid)
returns private.privacy_requests
language plpgsql stable security definer set search_path = ''
as $$
declare
  request private.privacy_requests;
begin
  perform private.require_privacy(organization_id);
  select * into request from private.privacy_requests r
  where r.organization_id = require_privacy_request.organization_id and r.id = request_id;
  if not found then
    perform private.problem(404, 'not_found', 'There is no such request.');
  end if;
  return request;
end
$$;
