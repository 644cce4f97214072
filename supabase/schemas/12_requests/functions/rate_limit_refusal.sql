-- The headers of draft-ietf-httpapi-ratelimit-headers for a bucket, in the form that PostgREST reads from
-- response.headers.
create function private.rate_limit_headers(bucket jsonb)
returns jsonb
language sql immutable set search_path = ''
as $$
  select jsonb_build_array(
    jsonb_build_object('RateLimit-Policy',
      format('"%s";q=%s;w=%s', bucket ->> 'kind', bucket ->> 'quota', bucket ->> 'window_seconds')),
    jsonb_build_object('RateLimit', format('"%s";r=%s;t=%s', bucket ->> 'kind', bucket ->> 'remaining',
      greatest(1, (bucket ->> 'retry_after')::numeric))))
    || case when (bucket ->> 'allowed')::boolean then '[]'
      else jsonb_build_array(jsonb_build_object('Retry-After', greatest(1, (bucket ->> 'retry_after')::numeric)::text))
    end
$$;

-- Takes tokens for a request. Null: all buckets had enough. Otherwise the refusal, which the function must return as
-- its answer before it does any work: the request then ends with HTTP 429 and the body of a PostgREST error, but the
-- transaction commits. Requests without a user, such as jobs, have no limits of people and organizations.
create function private.rate_limit_refusal(kinds text[], subjects text[], cost integer default 1)
returns jsonb
language plpgsql set search_path = ''
as $$
declare
  bucket jsonb := private.take_tokens(kinds, subjects, cost);
begin
  if bucket ->> 'kind' is null then
    return null;
  end if;
  perform set_config('response.headers', private.rate_limit_headers(bucket)::text, true);
  if (bucket ->> 'allowed')::boolean then
    return null;
  end if;
  return private.returned_problem(429, 'rate_limited', 'Too many requests. Wait and try again.', jsonb_build_object(
    'limit', bucket -> 'kind', 'retry_after', greatest(1, (bucket ->> 'retry_after')::numeric)));
end
$$;

-- The same for the bucket of the caller.
create function private.over_rate_limit(kind text, cost integer default 1)
returns jsonb
language sql set search_path = ''
as $$
  select private.rate_limit_refusal(array[kind], array[auth.uid()::text], cost)
$$;
comment on function private.over_rate_limit is
  'Takes tokens from the caller''s bucket; null, or the refusal that the function must return.';
