-- The answer already given to this request's Idempotency-Key, or null if the work is still to be done. The advisory
-- lock makes a concurrent repeat fail with 409 instead of waiting.
-- Security definer because no API role may read idempotency_keys.
create function private.idempotent_response(organization_id uuid)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  request_key text := private.request_header('idempotency-key');
  request_fingerprint text := coalesce(private.request_header('x-idempotency-fingerprint'), '');
  stored private.idempotency_keys;
begin
  if request_key is null then
    return null;
  end if;
  perform private.require_member(organization_id);
  if not pg_try_advisory_xact_lock(hashtextextended(concat_ws('|', organization_id, auth.uid(), request_key), 0)) then
    perform private.problem(409, 'idempotency_in_progress', 'A request with this Idempotency-Key is still running.');
  end if;
  select * into stored from private.idempotency_keys k
  where k.organization_id = idempotent_response.organization_id and k.user_id = auth.uid() and k.key = request_key
    and k.created_at > now() - private.idempotency_lifetime();
  if stored is null then
    return null;
  end if;
  if stored.fingerprint <> request_fingerprint then
    perform private.problem(422, 'idempotency_key_reused', 'This Idempotency-Key was used with a different request.');
  end if;
  return stored.response;
end
$$;
grant execute on function private.idempotent_response(uuid) to authenticated;
