-- Stores the answer under the request's Idempotency-Key, if it has one, and returns it.
-- Security definer because no API role may write idempotency_keys.
create function private.store_idempotent_response(organization_id uuid, response jsonb)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
begin
  if private.request_header('idempotency-key') is not null and auth.uid() is not null then
    insert into private.idempotency_keys as k (organization_id, user_id, key, fingerprint, response)
    values (organization_id, auth.uid(), private.request_header('idempotency-key'),
      coalesce(private.request_header('x-idempotency-fingerprint'), ''), response)
    on conflict on constraint idempotency_keys_pkey do update
      set fingerprint = excluded.fingerprint, response = excluded.response, created_at = now();
  end if;
  return response;
end
$$;
grant execute on function private.store_idempotent_response(uuid, jsonb) to authenticated;
