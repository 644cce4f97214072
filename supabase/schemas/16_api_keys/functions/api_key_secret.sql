-- The CRC-32 (IEEE 802.3) of ASCII text.
create function private.crc32(value text)
returns bigint
language plpgsql immutable strict set search_path = ''
as $$
declare
  bytes bytea := convert_to(value, 'UTF8');
  crc bigint := 4294967295;
begin
  for i in 0 .. length(bytes) - 1 loop
    crc := crc # get_byte(bytes, i);
    for bit in 1 .. 8 loop
      crc := case when crc & 1 = 1 then (crc >> 1) # 3988292384 else crc >> 1 end;
    end loop;
  end loop;
  return crc # 4294967295;
end
$$;

-- The key of 43 base-62 characters: prefix, characters, and their CRC-32 in six base-62 digits, as GitHub's tokens have
-- it. So typing errors are refused without a look-up, and scanners find leaked keys. The functions check the same
-- (_shared/api_key_form.ts).
create function private.api_key_of(secret text)
returns text
language plpgsql immutable strict set search_path = ''
as $$
declare
  digits constant text := '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
  rest bigint := private.crc32(secret);
  checksum text := '';
begin
  for i in 1 .. 6 loop
    checksum := substr(digits, (rest % 62)::integer + 1, 1) || checksum;
    rest := rest / 62;
  end loop;
  return 'sgb_live_' || secret || checksum;
end
$$;

-- 43 random base-62 characters, 256 bits. Bytes of 248 and more are thrown away, so that no digit is more likely.
create function private.random_base62()
returns text
language plpgsql volatile set search_path = ''
as $$
declare
  digits constant text := '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
  secret text := '';
  bytes bytea;
begin
  while char_length(secret) < 43 loop
    bytes := extensions.gen_random_bytes(64);
    for i in 0 .. 63 loop
      if get_byte(bytes, i) < 248 then
        secret := secret || substr(digits, get_byte(bytes, i) % 62 + 1, 1);
      end if;
    end loop;
  end loop;
  return left(secret, 43);
end
$$;

-- Adds a secret to a key and returns it; it is stored nowhere.
create function private.add_api_key_secret(key_id uuid)
returns text
language plpgsql set search_path = ''
as $$
declare
  secret text := private.api_key_of(private.random_base62());
begin
  insert into private.api_key_secrets (key_id, hash, prefix, last_four)
  values (key_id, private.token_hash(secret), left(secret, 13), right(secret, 4));
  return secret;
end
$$;
