-- Starts background work in a function: an HTTP POST by pg_net, sent when the transaction commits. Vault holds the
-- project's URL and a secret key; without them, as in a database alone, nothing is sent.
-- Security definer because only the owner may read Vault.
create function private.invoke(path text, body jsonb default '{}')
returns void
language plpgsql security definer set search_path = ''
as $$
declare
  project_url text := (select s.decrypted_secret from vault.decrypted_secrets s where s.name = 'project_url');
  secret_key text := (select s.decrypted_secret from vault.decrypted_secrets s where s.name = 'jobs_secret_key');
begin
  if project_url is null or secret_key is null then
    return;
  end if;
  perform net.http_post(
    url := project_url || '/functions/v1/' || path,
    body := body,
    headers := jsonb_build_object('Content-Type', 'application/json', 'apikey', secret_key),
    timeout_milliseconds := 60000
  );
end
$$;
grant execute on function private.invoke(text, jsonb) to service_role;
