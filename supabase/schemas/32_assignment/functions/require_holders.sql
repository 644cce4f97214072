-- Locks the people and refuses those who cannot be given leads by the caller: 422 for who may hold none, 403 for who is
-- beyond the caller's reach. paths: what each of them is called in the request.
create function private.require_holders(organization_id uuid, user_ids uuid[], paths text[])
returns void
language plpgsql set search_path = ''
as $$
declare
  able uuid[] := private.lock_holders(organization_id, user_ids);
  faults jsonb := (
    select jsonb_agg(jsonb_build_object('path', u.path, 'message', 'is no active member who may hold leads') order by u.place)
    from unnest(user_ids, paths) with ordinality u (id, path, place) where u.id <> all (able));
begin
  if faults is not null then
    perform private.problem(422, 'invalid_field', 'Some fields are invalid.', faults);
  end if;
  if not user_ids <@ private.assignable_people(organization_id) then
    perform private.problem(403, 'permission_denied', 'Your permission leads:assign does not reach all of these people.');
  end if;
end
$$;
