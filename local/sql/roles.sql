-- The roles of a hosted project. "postgres" is no superuser there either: a migration that needs one fails here as it would there.
do $$
declare
  wanted record;
begin
  for wanted in
    select * from (values
      ('supabase_admin', 'superuser login createrole createdb replication bypassrls password ''postgres'''),
      ('postgres', 'login createrole createdb replication bypassrls password ''postgres'''),
      ('anon', 'nologin noinherit'),
      ('authenticated', 'nologin noinherit'),
      ('service_role', 'nologin noinherit bypassrls'),
      ('authenticator', 'login noinherit password ''postgres'''),
      ('supabase_auth_admin', 'nologin noinherit createrole'),
      ('supabase_storage_admin', 'nologin noinherit createrole'),
      ('supabase_realtime_admin', 'nologin noinherit'),
      ('dashboard_user', 'nologin createrole createdb replication')
    ) as roles (name, options)
  loop
    if not exists (select from pg_catalog.pg_roles where rolname = wanted.name) then
      execute format('create role %I %s', wanted.name, wanted.options);
    end if;
  end loop;
end
$$;

-- "postgres" sets any of these roles in tests, and owns Storage's and Realtime's tables through membership, because only owners create policies.
grant anon, authenticated, service_role to authenticator, postgres;
grant authenticator, supabase_storage_admin, supabase_realtime_admin to postgres;
grant pg_monitor, pg_signal_backend, pg_read_all_data to postgres;
-- As hosted, where supautils lets "postgres" set it (supautils.privileged_role_allowed_configs).
grant set on parameter session_replication_role to postgres;

alter role postgres set search_path = "$user", public, extensions;
alter role supabase_admin set search_path = "$user", public, auth, extensions;

-- What the Data API gives a request. service_role has the login role's.
alter role authenticator set statement_timeout = '8s';
alter role authenticator set lock_timeout = '8s';
alter role anon set statement_timeout = '3s';
alter role authenticated set statement_timeout = '8s';
