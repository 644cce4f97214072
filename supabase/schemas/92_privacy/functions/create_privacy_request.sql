-- The subject of a request: exactly one of phone (E.164), email, customer_id, lead_id, client_id.
create function private.privacy_subject(organization_id uuid, request jsonb)
returns jsonb
language plpgsql stable set search_path = ''
as $$
declare
  subject jsonb := jsonb_strip_nulls(request - 'kind');
  named text := (select min(k) from jsonb_object_keys(subject) k);
  given text := subject ->> named;
begin
  perform private.require_valid(coalesce(request ->> 'kind' in ('export', 'erase'), false), 'kind',
    'is neither export nor erase');
  perform private.require_valid((select count(*) from jsonb_object_keys(subject)) = 1
    and named in ('phone', 'email', 'customer_id', 'lead_id', 'client_id'), 'subject',
    'is not exactly one of phone, email, customer_id, lead_id and client_id');
  perform private.require_valid(case named
    when 'phone' then given ~ '^\+[1-9][0-9]{6,14}$' and given not like '+999%'
    when 'email' then char_length(given) <= 254 and given ~ '^[^@\s]+@[^@\s]+$' and private.is_plain(given)
    else given ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' end, named, 'has another form');
  if named = 'lead_id' and not exists (select from public.leads l
      where l.organization_id = privacy_subject.organization_id and l.id = given::uuid)
    or named = 'customer_id' and not exists (select from public.customers c
      where c.organization_id = privacy_subject.organization_id and c.id = given::uuid)
    or named = 'client_id' and not exists (select from public.clients c
      where c.organization_id = privacy_subject.organization_id and c.id = given::uuid) then
    perform private.problem(404, 'not_found', 'There is no such person.');
  end if;
  return jsonb_build_object(named, lower(given));
end
$$;

-- Raises 409 where an organization has so many requests open: each reads all tables, and an export keeps a copy.
create function private.require_few_privacy_requests(organization_id uuid)
returns void
language plpgsql stable set search_path = ''
as $$
begin
  if (select count(*) from private.privacy_requests r
    where r.organization_id = require_few_privacy_requests.organization_id and r.status in ('queued', 'running')) >= 100
  then
    perform private.problem(409, 'too_many_privacy_requests', 'At most 100 requests of an organization are open at once. Wait '
      'until some are done.');
  end if;
end
$$;

-- POST /admin/privacy/requests. Security definer because nobody may write requests directly.
create function private.create_privacy_request(organization_id uuid, request jsonb)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  subject jsonb;
  person private.person;
  created private.privacy_requests;
  refusal jsonb;
begin
  perform private.require_privacy(organization_id);
  perform private.require_valid(coalesce(jsonb_typeof(request) = 'object', false), 'request', 'is no object');
  subject := private.privacy_subject(organization_id, request);
  refusal := private.rate_limit_refusal(array['privacy_request'], array[organization_id::text]);
  if refusal is not null then
    return refusal;
  end if;
  perform private.require_few_privacy_requests(organization_id);
  person := private.find_person(organization_id, subject);
  perform private.require_one_person(cardinality(person.ids));
  insert into private.privacy_requests (organization_id, kind, subject, person, requested_by)
  values (organization_id, request ->> 'kind', subject, to_jsonb(person), auth.uid())
  returning * into created;
  perform private.audit_event(organization_id, 'insert', 'privacy_requests', created.id,
    jsonb_build_object('kind', created.kind));
  return private.privacy_request_json(created);
end
$$;
grant execute on function private.create_privacy_request(uuid, jsonb) to authenticated;

create function public.create_privacy_request(organization_id uuid, request jsonb)
returns jsonb
language sql set search_path = ''
as $$
  select private.create_privacy_request(organization_id, request)
$$;
comment on function public.create_privacy_request is 'Asks for the export or the erasure of what is held on a person.';
grant execute on function public.create_privacy_request(uuid, jsonb) to authenticated;
