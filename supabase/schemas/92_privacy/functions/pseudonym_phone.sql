-- The key of pseudonyms. It is made once and never changes: with another key an erased number would no longer be
-- recognized and could be texted again. Security definer because only the owner may read Vault.
create function private.privacy_key()
returns text
language plpgsql security definer set search_path = ''
as $$
declare
  key text := (select s.decrypted_secret from vault.decrypted_secrets s where s.name = 'privacy_key');
begin
  if key is null then
    perform pg_advisory_xact_lock(hashtext('privacy_key'));
    key := (select s.decrypted_secret from vault.decrypted_secrets s where s.name = 'privacy_key');
  end if;
  if key is null then
    key := encode(extensions.gen_random_bytes(32), 'hex');
    perform vault.create_secret(key, 'privacy_key', 'Pseudonyms of erased numbers; never rotated');
  end if;
  return key;
end
$$;

-- The number that stands for an erased one: +999, a code that ITU-T keeps unassigned, and twelve digits of a keyed
-- hash. It has the form of a number, so that evidence keeps its place, and the same number always gives the same one.
create function private.pseudonym_phone(phone text)
returns text
language sql set search_path = ''
as $$
  select case when phone like '+999%' then phone
    else '+999' || lpad((('x' || encode(substr(extensions.hmac(phone, private.privacy_key(), 'sha256'), 1, 7), 'hex'))
      ::bit(56)::bigint % 1000000000000)::text, 12, '0') end
$$;
