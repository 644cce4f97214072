-- A new secret in the Vault, as Standard Webhooks has it: 32 random bytes. Returns it; it is shown nowhere else.
create function private.add_webhook_secret(endpoint_id uuid)
returns text
language plpgsql security definer set search_path = ''
as $$
declare
  secret text := 'whsec_' || encode(extensions.gen_random_bytes(32), 'base64');
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
