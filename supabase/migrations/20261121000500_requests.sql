-- What makes a request safe to repeat and impossible to flood with: idempotency keys, rate limits, and the way in which
-- the database starts background work in functions.

create table private.idempotency_keys (
  organization_id uuid not null references public.organizations (id) on delete cascade,
  user_id uuid not null,
  key text not null constraint idempotency_keys_length check (char_length(key) between 1 and 255),
  fingerprint text not null,
  response jsonb not null,
  created_at timestamptz not null default now(),
  primary key (organization_id, user_id, key)
);
comment on table private.idempotency_keys is
  'The first answer to each Idempotency-Key, kept 24 h. Written in the transaction of the work itself: both exist or neither.';
create index idempotency_keys_age on private.idempotency_keys (created_at);

-- The answer given before to this request's Idempotency-Key, or null when the work is to be done now. The advisory lock
-- makes a repeat that arrives meanwhile fail with 409 instead of waiting. Definer: the table is nobody's to read.
create function private.replayed_response(organization_id uuid)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  request_key text := private.request_header('idempotency-key');
  request_fingerprint text := coalesce(private.request_header('x-idempotency-fingerprint'), '');
  known private.idempotency_keys;
begin
  if request_key is null then
    return null;
  end if;
  if organization_id <> all (private.my_organizations()) then
    perform private.problem(403, 'not_a_member', 'You are not an active member of this organization.');
  end if;
  if not pg_try_advisory_xact_lock(hashtextextended(concat_ws('|', organization_id, auth.uid(), request_key), 0)) then
    perform private.problem(409, 'idempotency_in_progress', 'A request with this Idempotency-Key is still running.');
  end if;
  select * into known from private.idempotency_keys k
  where k.organization_id = replayed_response.organization_id and k.user_id = auth.uid() and k.key = request_key
    and k.created_at > now() - interval '24 hours';
  if known is null then
    return null;
  end if;
  if known.fingerprint <> request_fingerprint then
    perform private.problem(422, 'idempotency_key_reused', 'This Idempotency-Key was used for another request.');
  end if;
  return known.response;
end
$$;

-- Keeps the answer under the request's Idempotency-Key, if it has one, and passes it on. Definer: see above.
create function private.remember_response(organization_id uuid, response jsonb)
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

create table private.rate_limits (
  kind text primary key,
  quota integer not null constraint rate_limits_quota check (quota > 0),
  window_seconds integer not null constraint rate_limits_window check (window_seconds > 0)
);
comment on table private.rate_limits is 'How many tokens a caller has per window, by kind of endpoint.';
insert into private.rate_limits (kind, quota, window_seconds) values
  ('auth_address', 300, 60),
  ('auth_account', 10, 60),
  ('send', 600, 60),
  ('upload', 60, 60),
  ('webhook_refused', 120, 60);

create table private.rate_buckets (
  kind text not null references private.rate_limits (kind) on delete cascade,
  subject text not null,
  tokens double precision not null,
  updated_at timestamptz not null default clock_timestamp(),
  primary key (kind, subject)
);
comment on table private.rate_buckets is 'Token buckets: tokens refill evenly over the window up to the quota.';

-- Takes tokens from a bucket: { allowed, quota, remaining, window_seconds, retry_after } (seconds).
create function private.take_tokens(kind text, subject text, cost integer default 1)
returns jsonb
language plpgsql set search_path = ''
as $$
declare
  rule private.rate_limits;
  available double precision;
  allowed boolean;
begin
  select * into strict rule from private.rate_limits r where r.kind = take_tokens.kind;
  insert into private.rate_buckets as b (kind, subject, tokens) values (take_tokens.kind, take_tokens.subject, rule.quota)
  on conflict on constraint rate_buckets_pkey do update set
    tokens = least(rule.quota, b.tokens + rule.quota * extract(epoch from clock_timestamp() - b.updated_at) / rule.window_seconds),
    updated_at = clock_timestamp()
  returning tokens into available;
  allowed := available >= cost;
  if allowed then
    update private.rate_buckets b set tokens = b.tokens - cost
    where b.kind = take_tokens.kind and b.subject = take_tokens.subject
    returning b.tokens into available;
  end if;
  return jsonb_build_object('allowed', allowed, 'quota', rule.quota, 'remaining', floor(greatest(available, 0)),
    'window_seconds', rule.window_seconds,
    'retry_after', case when allowed then 0
      else ceil((cost - available) * rule.window_seconds / rule.quota) end);
end
$$;

-- Definer: buckets are nobody's to write. The subject is the caller, never what the caller says.
create function private.take_own_tokens(kind text, cost integer)
returns jsonb
language sql security definer set search_path = ''
as $$
  select private.take_tokens(kind, auth.uid()::text, greatest(cost, 0))
$$;

create function public.take_rate_limit(kind text, cost integer default 1)
returns jsonb
language sql set search_path = ''
as $$
  select private.take_own_tokens(kind, cost)
$$;
comment on function public.take_rate_limit is 'Takes tokens from the caller''s own bucket of a kind.';

create function public.take_rate_limit_of(kind text, subject text, cost integer default 1)
returns jsonb
language sql set search_path = ''
as $$
  select private.take_tokens(kind, subject, cost)
$$;
comment on function public.take_rate_limit_of is 'For callers without a user (sign-in, webhooks): the subject is an address or account.';

-- Starts work in the functions: an HTTP POST by pg_net, sent when the transaction commits. Vault holds the project's
-- URL and a secret key; without them (a database alone, as in tests of SQL) nothing is sent.
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

create function public.invoke_job(job text, body jsonb default '{}')
returns void
language sql set search_path = ''
as $$
  select private.invoke('jobs/' || job, body)
$$;
comment on function public.invoke_job is 'A job that has more to do than fits one run starts its next run.';

grant execute on function private.replayed_response(uuid), private.remember_response(uuid, jsonb),
  private.take_own_tokens(text, integer) to authenticated;
grant execute on function public.take_rate_limit(text, integer) to authenticated;
grant execute on function private.take_tokens(text, text, integer), private.invoke(text, jsonb) to service_role;
grant execute on function public.take_rate_limit_of(text, text, integer), public.invoke_job(text, jsonb) to service_role;
grant select on private.rate_limits to service_role;
grant select, insert, update on private.rate_buckets to service_role;
