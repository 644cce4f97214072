-- Pseudonyms are unique where numbers are. What an earlier erasure left of a number makes way for what came since.
create function private.clear_older_pseudonyms(p private.person)
returns void
language plpgsql set search_path = ''
as $$
declare
  pseudonyms text[] := array(select private.pseudonym_phone(f) from unnest(p.phones) f);
begin
  update public.suppressions s set lifted_at = now(), lifted_reason = 'Replaced by a later erasure'
  where s.organization_id = p.organization_id and s.phone = any (pseudonyms) and s.lifted_at is null
    and exists (select from public.suppressions r where r.organization_id = s.organization_id and r.scope = s.scope
      and r.lifted_at is null and r.phone = any (p.phones) and private.pseudonym_phone(r.phone) = s.phone);
  update public.undeliverable_numbers u set lifted_at = now()
  where u.organization_id = p.organization_id and u.phone = any (pseudonyms) and u.lifted_at is null
    and exists (select from public.undeliverable_numbers r where r.organization_id = u.organization_id
      and r.lifted_at is null and r.phone = any (p.phones));
  update public.reply_reviews w set status = 'dismissed', decided_at = now()
  where w.organization_id = p.organization_id and w.phone = any (pseudonyms) and w.status = 'open'
    and exists (select from public.reply_reviews r where r.organization_id = w.organization_id
      and r.status = 'open' and r.phone = any (p.phones));
  delete from public.conversations c
  where c.organization_id = p.organization_id and c.phone = any (pseudonyms)
    and exists (select from public.conversations r where r.organization_id = c.organization_id
      and r.phone = any (p.phones));
end
$$;

-- The statement that erases a slice and answers how many rows that changed, and which sealed entries of the audit log.
-- A row is written only if something changes, so a second pass finds nothing.
create function private.erasure_statement(place text, relation text, from_block bigint, to_block bigint)
returns text
language sql stable set search_path = ''
as $$
  select format(case
    when bool_or(c.is_deleted) then
      'with p as materialized (select * from jsonb_populate_record(null::private.person, $1)), changed as (
        delete from %1$s x using p where %2$s returning 1)
      select count(*), ''{}''::uuid[] from changed'
    when relation = 'public.audit_logs' then
      'with p as materialized (select * from jsonb_populate_record(null::private.person, $1)), changed as (
        update %1$s x set %3$s from p where %2$s and (%4$s) is distinct from (%5$s) returning x.id), unsalted as (
        update private.audit_hashes h set salt = null from changed e where h.entry_id = e.id and h.salt is not null
        returning h.entry_id)
      select count(*), array(select u.entry_id from unsalted u order by u.entry_id) from changed'
    else
      'with p as materialized (select * from jsonb_populate_record(null::private.person, $1)), changed as (
        update %1$s x set %3$s from p where %2$s and (%4$s) is distinct from (%5$s) returning 1)
      select count(*), ''{}''::uuid[] from changed' end,
    place, private.privacy_condition(relation, from_block, to_block),
    string_agg(format('%I = %s', c.column_name, c.value), ', '),
    string_agg(format('x.%I', c.column_name), ', '), string_agg(c.value, ', '))
  from private.personal_columns(relation) c
$$;

-- Erases the person in some blocks of a table and answers how many rows that changed. No trigger fires: the audit log
-- would keep what is erased, webhooks would send it, and history may otherwise not be changed at all. What triggers
-- derive is generated or erased by its own row of the catalogue. Changing the owner's setting is the platform's
-- documented way to do so.
create function private.erase_slice(request private.privacy_requests, person private.person, place text, relation text,
  from_block bigint, to_block bigint)
returns bigint
language plpgsql set search_path = '' set jit = off
as $$
declare
  changed bigint;
  emptied uuid[];
begin
  if relation in ('public.suppressions', 'public.undeliverable_numbers', 'public.reply_reviews',
    'public.conversations') then
    perform private.clear_older_pseudonyms(person);
  elsif relation = 'public.audit_logs' then
    -- An entry is sealed either before or after, never in between.
    perform from private.audit_horizon h where h.singleton for update;
  end if;
  set local session_replication_role = replica;
  execute private.erasure_statement(place, relation, from_block, to_block) into changed, emptied
    using to_jsonb(person);
  set local session_replication_role = origin;
  perform private.record_erasure(person.organization_id, request.id, request.requested_by, emptied);
  return changed;
end
$$;

-- Collects the person's rows in some blocks of a table: whole rows that are about the person, of other rows only the
-- text that mentions them, of files only their rows.
create function private.export_slice(request_id uuid, person private.person, place text, relation text,
  from_block bigint, to_block bigint)
returns bigint
language plpgsql set search_path = '' set jit = off
as $$
declare
  collected bigint;
  statement text := (
    select format('
      with p as materialized (select * from jsonb_populate_record(null::private.person, $1))
      insert into private.privacy_rows (request_id, relation, content)
      select $2, %L, case when coalesce(%s, false) then to_jsonb(x) - %L::text[] else ''{}'' end
        || jsonb_strip_nulls(jsonb_build_object(%s))
      from %s x, p where %s',
      relation, coalesce(string_agg(c.linked, ' or ') filter (where c.file_rows is null), 'false'),
      coalesce(array_agg(c.column_name) filter (where c.file_rows is not null), '{}'),
      coalesce(string_agg(case when c.file_rows is not null
          then format('%L, case when %s then %s end', c.column_name, c.linked, c.file_rows)
          else format('%L, case when %s then private.rows_about(to_jsonb(x.%I), p.mentions) end', c.column_name,
            c.mentioned, c.column_name) end, ', ')
        filter (where c.file_rows is not null or c.mentioned <> 'false'), ''),
      place, private.privacy_condition(relation, from_block, to_block))
    from private.personal_columns(relation) c having not bool_or(c.is_copy));
begin
  if statement is null then
    return 0;
  end if;
  execute statement using to_jsonb(person), request_id;
  get diagnostics collected = row_count;
  return collected;
end
$$;
