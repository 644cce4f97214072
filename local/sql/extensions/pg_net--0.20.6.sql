-- The queue and functions of pg_net 0.20; the requests are made by the local stack.
create schema if not exists net;
create domain net.http_method as text check (value ilike 'get' or value ilike 'post' or value ilike 'delete');

create unlogged table net.http_request_queue (
  id bigserial,
  method net.http_method not null,
  url text not null,
  headers jsonb,
  body bytea,
  timeout_milliseconds int not null
);

create unlogged table net._http_response (
  id bigint,
  status_code integer,
  content_type text,
  headers jsonb,
  content text,
  timed_out boolean,
  error_msg text,
  created timestamptz not null default now()
);
create index on net._http_response (created);

create type net.request_status as enum ('PENDING', 'SUCCESS', 'ERROR');
create type net.http_response as (status_code integer, headers jsonb, body text);
create type net.http_response_result as (status net.request_status, message text, response net.http_response);

create function net.wake() returns void language sql as $$ select pg_notify('pg_net', '') $$;
create function net.worker_restart() returns boolean language sql as $$ select true $$;
create function net.wait_until_running() returns void language sql as $$ select $$;
create function net.check_worker_is_up() returns void language plpgsql as $$
begin
  if not exists (select from pg_stat_activity where application_name = 'pg_net worker') then
    raise exception 'the pg_net background worker is not up';
  end if;
end
$$;

create function net._urlencode_string(string varchar) returns text language sql immutable strict as $$
  select coalesce(string_agg(
    case when chr(byte) ~ '[A-Za-z0-9_.~-]' and byte < 128 then chr(byte)
      else '%' || upper(lpad(to_hex(byte), 2, '0')) end, '' order by position), '')
  from (
    select i as position, get_byte(convert_to(string, 'UTF8'), i) as byte
    from generate_series(0, octet_length(convert_to(string, 'UTF8')) - 1) as i
  ) as bytes
$$;

create function net._encode_url_with_params_array(url text, params_array text[]) returns text
language sql immutable as $$
  select case
    when cardinality(params_array) = 0 then url
    else url || case when position('?' in url) > 0 then '&' else '?' end || array_to_string(params_array, '&')
  end
$$;

create function net._enqueue(method text, url text, params jsonb, headers jsonb, body bytea, timeout_milliseconds int)
returns bigint language plpgsql as $$
declare
  request_id bigint;
  encoded text[];
begin
  if url is null or url !~* '^https?://' then
    raise exception 'Bad URL: %', url;
  end if;
  select coalesce(array_agg(net._urlencode_string(key::varchar) || '=' || net._urlencode_string(value::varchar)), '{}')
  into encoded from jsonb_each_text(params);
  insert into net.http_request_queue as queue (method, url, headers, body, timeout_milliseconds)
  values (
    _enqueue.method, net._encode_url_with_params_array(_enqueue.url, encoded),
    _enqueue.headers, _enqueue.body, _enqueue.timeout_milliseconds
  )
  returning queue.id into request_id;
  perform net.wake();
  return request_id;
end
$$;

create function net.http_get(
  url text, params jsonb default '{}', headers jsonb default '{}', timeout_milliseconds int default 5000
) returns bigint language sql as $$
  select net._enqueue('GET', url, params, headers, null, timeout_milliseconds)
$$;

create function net.http_post(
  url text, body jsonb default '{}', params jsonb default '{}',
  headers jsonb default '{"Content-Type": "application/json"}', timeout_milliseconds int default 5000
) returns bigint language plpgsql as $$
declare
  content_type text;
begin
  select value into content_type
  from jsonb_each_text(coalesce(headers, '{}')) where lower(key) = 'content-type' limit 1;
  if content_type is null then
    headers := coalesce(headers, '{}') || '{"Content-Type": "application/json"}';
  elsif content_type <> 'application/json' then
    raise exception 'Content-Type header must be "application/json"';
  end if;
  return net._enqueue('POST', url, params, headers, convert_to(body::text, 'UTF8'), timeout_milliseconds);
end
$$;

create function net.http_delete(
  url text, params jsonb default '{}', headers jsonb default '{}',
  timeout_milliseconds int default 5000, body jsonb default null
) returns bigint language sql as $$
  select net._enqueue('DELETE', url, params, headers, convert_to(body::text, 'UTF8'), timeout_milliseconds)
$$;

create function net._http_collect_response(request_id bigint, async boolean default true)
returns net.http_response_result language plpgsql as $$
declare
  response net._http_response;
begin
  loop
    select * into response from net._http_response where id = request_id;
    exit when found or async;
    perform pg_sleep(0.05);
  end loop;
  if response.id is null then
    return ('PENDING', 'request is pending processing', null)::net.http_response_result;
  elsif response.error_msg is not null then
    return ('ERROR', response.error_msg, null)::net.http_response_result;
  end if;
  return (
    'SUCCESS', 'ok', (response.status_code, response.headers, response.content)::net.http_response
  )::net.http_response_result;
end
$$;

grant usage on schema net to public;
grant all on all sequences in schema net to public;
grant all on all tables in schema net to public;
