-- Nightly: notifies the admins 14 and 3 days before a key expires, each once.
create function private.warn_of_expiring_keys()
returns void
language plpgsql set search_path = ''
as $$
declare
  key public.api_keys;
begin
  for key in
    select k.* from public.api_keys k
    where k.revoked_at is null and k.expires_at > now() and k.expires_at < now() + interval '14 days'
      and (k.warned_days is null or k.warned_days = 14 and k.expires_at < now() + interval '3 days')
    for update skip locked
  loop
    begin
      update public.api_keys k
      set warned_days = case when key.expires_at < now() + interval '3 days' then 3 else 14 end
      where k.id = key.id;
      perform private.notify_admins(key.organization_id, 'api_key_expiring', 'An API key expires soon',
        format('"%s" stops working on %s (UTC).', key.name,
          to_char(key.expires_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI')),
        jsonb_build_object('api_key_id', key.id));
    exception when others then
      raise warning 'the admins were not warned of API key %: %', key.id, sqlerrm;
    end;
  end loop;
end
$$;
