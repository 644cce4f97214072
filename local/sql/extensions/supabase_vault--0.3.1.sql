-- The interface of Vault 0.3. The stand-in only masks a secret; it does not protect it.
create function vault._crypto_aead_det_noncegen() returns bytea language sql volatile as $$
  select decode(replace(gen_random_uuid()::text, '-', ''), 'hex')
$$;

create function vault._crypto_aead_det_encrypt(
  message bytea, additional bytea, key_id bigint, context bytea default 'pgsodium', nonce bytea default null
) returns bytea language plpgsql immutable set search_path = pg_catalog as $$
declare
  masked bytea := message;
  mask bytea := sha256(additional || coalesce(nonce, ''::bytea));
begin
  for i in 0 .. octet_length(masked) - 1 loop
    masked := set_byte(masked, i, get_byte(masked, i) # get_byte(mask, i % 32));
  end loop;
  return masked;
end
$$;

create function vault._crypto_aead_det_decrypt(
  message bytea, additional bytea, key_id bigint, context bytea default 'pgsodium', nonce bytea default null
) returns bytea language sql immutable security definer set search_path = '' as $$
  select vault._crypto_aead_det_encrypt(message, additional, key_id, context, nonce)
$$;

create table vault.secrets (
  id uuid primary key default gen_random_uuid(),
  name text,
  description text not null default '',
  secret text not null,
  key_id uuid,
  nonce bytea default vault._crypto_aead_det_noncegen(),
  created_at timestamptz not null default current_timestamp,
  updated_at timestamptz not null default current_timestamp
);
create unique index on vault.secrets (name) where name is not null;

create view vault.decrypted_secrets as
select
  id, name, description, secret,
  convert_from(
    vault._crypto_aead_det_decrypt(decode(secret, 'base64'), convert_to(id::text, 'utf8'), 0, 'pgsodium'::bytea, nonce),
    'utf8'
  ) as decrypted_secret,
  key_id, nonce, created_at, updated_at
from vault.secrets;

create function vault.create_secret(
  new_secret text, new_name text default null, new_description text default '', new_key_id uuid default null
) returns uuid language plpgsql security definer set search_path = '' as $$
declare
  secret_id uuid := pg_catalog.gen_random_uuid();
  secret_nonce bytea := vault._crypto_aead_det_noncegen();
begin
  insert into vault.secrets (id, nonce, secret, name, description)
  values (
    secret_id, secret_nonce,
    pg_catalog.encode(
      vault._crypto_aead_det_encrypt(
        pg_catalog.convert_to(new_secret, 'utf8'), pg_catalog.convert_to(secret_id::text, 'utf8'), 0,
        'pgsodium'::bytea, secret_nonce
      ),
      'base64'
    ),
    new_name, coalesce(new_description, '')
  );
  return secret_id;
end
$$;

create function vault.update_secret(
  secret_id uuid, new_secret text default null, new_name text default null,
  new_description text default null, new_key_id uuid default null
) returns void language plpgsql security definer set search_path = '' as $$
begin
  update vault.secrets as stored set
    secret = case
      when new_secret is null then stored.secret
      else pg_catalog.encode(
        vault._crypto_aead_det_encrypt(
          pg_catalog.convert_to(new_secret, 'utf8'), pg_catalog.convert_to(stored.id::text, 'utf8'), 0,
          'pgsodium'::bytea, stored.nonce
        ),
        'base64'
      )
    end,
    name = coalesce(new_name, stored.name),
    description = coalesce(new_description, stored.description),
    updated_at = pg_catalog.now()
  where stored.id = secret_id;
end
$$;

revoke all on all functions in schema vault from public;
grant usage on schema vault to postgres with grant option;
grant select, delete, truncate, references on vault.secrets, vault.decrypted_secrets to postgres with grant option;
grant execute on function
  vault.create_secret, vault.update_secret, vault._crypto_aead_det_decrypt
to postgres with grant option;
grant usage on schema vault to service_role;
grant select, delete on vault.secrets, vault.decrypted_secrets to service_role;
grant execute on function
  vault.create_secret, vault.update_secret, vault._crypto_aead_det_decrypt
to service_role;

select pg_extension_config_dump('vault.secrets', '');
