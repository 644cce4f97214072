-- Hosted Supabase loads safeupdate for the Data API: an UPDATE or DELETE without WHERE fails there, inside functions too.
-- .ci/run also loads tools/safeupdate.c, which sees what PostgreSQL sees, but only in statements that something runs.
begin;
\ir support.inc
select plan(21);

create function tests.tokens(source text) returns text[] language plpgsql immutable as $body$
declare
  pattern constant text := $p$^(\s+|--[^\n]*|/\*([^*]|\*+[^*/])*\*+/|[eE]'([^'\\]|\\.|'')*'|'([^']|'')*'|"([^"]|"")*"$p$
    || $p$|\$([[:alpha:]_]\w*)?\$|[[:alpha:]_]\w*|.)$p$;
  rest text := source;
  token text;
  ends integer;
  tokens text[] := '{}';
begin
  while rest <> '' loop
    token := substring(rest from pattern);
    if token ~ '^\$.*\$$' then
      ends := strpos(substr(rest, length(token) + 1), token);
      token := left(rest, case when ends = 0 then length(rest) else ends - 1 + 2 * length(token) end);
    end if;
    rest := substr(rest, length(token) + 1);
    if token !~ '^(\s|--|/\*)' then
      tokens := tokens || case when token ~ '^\w+$' then lower(token) else token end;
    end if;
  end loop;
  return tokens;
end
$body$;

create function tests.text_of(literal text) returns text language sql immutable as $body$
  select case
    when literal ~ '^\$' then regexp_replace(literal, '^\$\w*\$|\$\w*\$$', '', 'g')
    when literal ~* '^e?''' then replace(regexp_replace(literal, '^[eE]?''|''$', '', 'g'), '''''', '''')
  end
$body$;

-- The first words of every UPDATE and DELETE without WHERE, also of those in strings that are executed. A statement
-- ends where its parentheses end, so the WHERE of another one, of a sub-select or of a filter does not count for it.
create function tests.without_where(source text) returns setof text language plpgsql immutable as $$
declare
  tokens text[] := tests.tokens(source) || ';'::text;
  depth integer := 1;
  statements text[] := array[null];
  following text;
begin
  for i in 1 .. cardinality(tokens) loop
    following := coalesce(tokens[i + 1], ';');
    if tests.text_of(tokens[i]) ~* '^\s*(with|delete\s+from|update\s+\S+(\s+\w+){0,2}\s+set)\s' then
      return query select * from tests.without_where(tests.text_of(tokens[i]));
    elsif tokens[i] = '(' then
      depth := depth + 1;
      statements[depth] := null;
    elsif tokens[i] = 'where' then
      statements[depth] := null;
    elsif tokens[i] in (')', ';', 'returning', 'loop', 'update', 'delete') and statements[depth] is not null then
      return next statements[depth];
      statements[depth] := null;
    end if;
    if tokens[i] = ')' then
      depth := depth - 1;
    elsif tokens[i] = 'delete' and following = 'from'
      or tokens[i] = 'update' and following ~ '^["[:alpha:]_]' and following not in ('set', 'of', 'nowait', 'skip')
        and coalesce(tokens[i - 1], ';') not in ('for', 'key', 'on', 'or') then
      statements[depth] := array_to_string(tokens[i:i + 5], ' ');
    end if;
  end loop;
end
$$;

select is(cardinality(array(select tests.without_where(source))), wanted, format('%s without WHERE in: %s', wanted, source))
from (values
  ('delete from a', 1),
  ('delete from a where true', 0),
  ('delete from a; select from b where true', 1),
  ('with d as (delete from a returning *) select from d where true', 1),
  ('with d as (delete from a where x returning *) update b set c = 1', 1),
  ('update a set b = (select c from d where e)', 1),
  ('update a set b = (select c from d) from f where e', 0),
  ('update a set b = 1 returning (select c from d where e)', 1),
  ('with u as (update only a as x set b = count(*) filter (where c)) delete from "d"', 2),
  ('for r in update a set b = 1 returning * loop select from c where d; end loop', 1),
  ('insert into a select b on conflict do update set c = 1', 0),
  ('select from a for no key update; select from a for update of b skip locked', 0),
  ('merge into a using b on c when matched then update set d = 1 when not matched then delete', 0),
  ('delete from a -- where b', 1),
  ('delete from a /* where b */', 1),
  ('update a set b = '' where ''', 1),
  ('execute format(''delete from %I'', a) using b; select where c', 1),
  ('execute $q$update %1$s x set b = ''c'' where true$q$', 0),
  ('raise ''Update the number.''; if tg_op = ''DELETE'' then delete from a where b; end if', 0)
) as examples (source, wanted);

select is_empty($$
  select f.oid::regprocedure, s from pg_proc f,
    tests.without_where(coalesce(pg_get_function_sqlbody(f.oid), f.prosrc)) s
  where f.pronamespace in ('public'::regnamespace, 'private'::regnamespace) and f.prosrc ~* '\m(update|delete)\M'
$$, 'No function has an UPDATE or DELETE without WHERE.');
select is_empty('select name, s from private.jobs, tests.without_where(command) s',
  'No job has an UPDATE or DELETE without WHERE.');

select * from finish();
rollback;
