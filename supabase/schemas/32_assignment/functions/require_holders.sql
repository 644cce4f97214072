-- Locks people and checks that the caller may assign leads to them: 422 for people who may not hold leads, 403 for
-- people outside the caller's scope. paths: the request field of each person.
create function private.require_holders(organization_id uuid, user_ids uuid[], paths text[])
returns void
language plpgsql set search_path = ''
as $$
declare
  eligible uuid[] := private.lock_holders(organization_id, user_ids);
  errors jsonb := (
    select jsonb_agg(jsonb_build_object('path', u.path, 'message', 'is no active member who may hold leads')
      order by u.place)
    from unnest(user_ids, paths) with ordinality u (id, path, place) where u.id <> all (eligible));
begin
  if errors is not null then
    perform private.problem(422, 'invalid_field', 'Some fields are invalid.', errors);
  end if;
  if not user_ids <@ private.assignable_people(organization_id) then
    perform private.problem(403, 'permission_denied',
      'Some of these people are outside the scope of your permission leads:assign.');
  end if;
end
$$;
