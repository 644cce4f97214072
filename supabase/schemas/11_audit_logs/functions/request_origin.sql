-- An IP address in a header, or null for anything else. Of a list only the last entry counts: the platform appends it,
-- the others come from the client.
create function private.ip_address(header text)
returns text
language plpgsql immutable set search_path = ''
as $$
declare
  address text := btrim(split_part(header, ',', -1));
begin
  return case when char_length(address) <= 45 then host(address::inet) end;
exception when invalid_text_representation then
  return null;
end
$$;

-- Where the current request comes from, as far as it can be known. via: `function` (one of our functions, which proves
-- it by a signature with the deployment's key), `data_api` (the client called the Data API itself) or null (a job or a
-- person in SQL). What a client says about itself in headers is no evidence: of direct requests the id is not known,
-- and the address only if the deployment names the header in which its platform sets it.
-- Security definer because only the owner may read Vault and the settings.
create function private.request_origin(out via text, out request_id text, out ip text)
language plpgsql stable security definer set search_path = ''
as $$
declare
  headers json := nullif(current_setting('request.headers', true), '')::json;
  signature text := headers ->> 'x-request-signature';
  key text;
begin
  if headers is null then
    return;
  end if;
  via := 'data_api';
  if signature is not null then
    select s.decrypted_secret into key from vault.decrypted_secrets s where s.name = 'request_signing_key';
    -- Hashes are compared, so that the time tells nothing about the signature.
    if sha256(signature::bytea) = sha256(encode(extensions.hmac(
      concat(headers ->> 'x-request-id', E'\n', headers ->> 'x-client-ip'), key, 'sha256'), 'hex')::bytea) then
      via := 'function';
      request_id := substring(headers ->> 'x-request-id' from '^[\w.-]{1,100}$');
      ip := private.ip_address(headers ->> 'x-client-ip');
      return;
    end if;
  end if;
  ip := private.ip_address(headers ->> (select d.trusted_ip_header from private.deployment d));
end
$$;
