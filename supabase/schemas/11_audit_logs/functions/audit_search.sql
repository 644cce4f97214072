-- The search term as a condition on entries `x`: part of the resource, of the actor's name or e-mail address, or of the
-- values before and after; or a whole action, changed field, id, request id or IP address.
create function private.audit_search(organization_id uuid, term text)
returns text
language plpgsql stable set search_path = ''
as $$
declare
  word text := lower(term);
  pattern text := '%' || replace(replace(replace(word, '\', '\\'), '%', '\%'), '_', '\_') || '%';
  -- As in the text of JSON: quotes and backslashes escaped.
  in_json text := '%'
    || replace(replace(replace(btrim(to_json(word)::text, '"'), '\', '\\'), '%', '\%'), '_', '\_') || '%';
  -- An index skip scan: an organization has few actors.
  actors uuid[] := array(
    with recursive actors (id) as (
      (select a.actor_id from public.audit_logs a
        where a.organization_id = audit_search.organization_id and a.actor_id is not null
        order by a.actor_id limit 1)
      union all
      select (
        select a.actor_id from public.audit_logs a
        where a.organization_id = audit_search.organization_id and a.actor_id > p.id order by a.actor_id limit 1)
      from actors p where p.id is not null
    )
    select p.id from actors a join public.profiles p on p.id = a.id
    where lower(p.full_name || ' ' || p.email) like pattern);
begin
  return format('(x.resource like %1$L or x.action = %2$L or x.request_id = %3$L or x.ip = %2$L
    or %2$L = any (x.changed) or x.resource_id::text = %2$L or x.id::text = %2$L
    or x.actor_id = any (%4$L) or x.impersonator_id = any (%4$L)
    or lower(x.after::text) like %5$L or lower(x.before::text) like %5$L)', pattern, word, term, actors, in_json);
end
$$;
