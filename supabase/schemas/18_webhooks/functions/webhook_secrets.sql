-- A secret that a caller brings, as whsec_ and base64: so it is given, or as a text whose bytes are the key. Standard
-- Webhooks has 24 to 64 bytes. Null: a new one, of 32 random bytes.
create function private.webhook_secret_from(given text)
returns text
language plpgsql volatile set search_path = ''
as $$
declare
  key bytea;
begin
  if given is null then
    return 'whsec_' || encode(extensions.gen_random_bytes(32), 'base64');
  end if;
  begin
    key := case when given like 'whsec\_%' then decode(substr(given, 7), 'base64') else convert_to(given, 'UTF8') end;
  exception when invalid_parameter_value then
    key := '';
  end;
  perform private.require_valid(private.is_plain(given) and octet_length(key) between 24 and 64, 'secret',
    'must be whsec_ and base64 of 24 to 64 bytes, or a text of as many bytes');
  return 'whsec_' || replace(encode(key, 'base64'), E'\n', '');
end
$$;

-- Keeps a secret in the Vault and returns it; it is shown nowhere else.
create function private.add_webhook_secret(endpoint_id uuid, given text default null)
returns text
language plpgsql security definer set search_path = ''
as $$
declare
  secret text := private.webhook_secret_from(given);
begin
  insert into private.webhook_secrets (endpoint_id, secret_id)
  values (endpoint_id, vault.create_secret(secret, 'webhook_' || endpoint_id || '_' || private.uuid_v7()));
  return secret;
end
$$;

-- Security definer because of the Vault.
create function private.delete_webhook_secret()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  delete from vault.secrets s where s.id = old.secret_id;
  return null;
end
$$;

-- The secrets that sign, the present one first.
create function private.webhook_secrets_of(endpoint_id uuid)
returns jsonb
language sql stable set search_path = ''
as $$
  select coalesce(jsonb_agg(v.decrypted_secret order by s.created_at desc), '[]')
  from private.webhook_secrets s join vault.decrypted_secrets v on v.id = s.secret_id
  where s.endpoint_id = webhook_secrets_of.endpoint_id and (s.ends_at is null or s.ends_at > now())
$$;
