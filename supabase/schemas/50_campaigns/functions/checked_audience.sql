-- The audience as it is stored: `me` becomes the caller's id; leads and teams must belong to the organization.
create function private.checked_audience(organization_id uuid, audience jsonb)
returns jsonb
language plpgsql stable set search_path = ''
as $$
declare
  unknown bigint;
begin
  if audience ? 'lead_ids' then
    select count(*) into unknown
    from (select distinct i.id::uuid as id from jsonb_array_elements_text(audience -> 'lead_ids') i (id)) i
    left join public.leads l on l.organization_id = checked_audience.organization_id and l.id = i.id
      and l.deleted_at is null
    where l.id is null;
    if unknown > 0 then
      perform private.problem(422, 'invalid_field', 'Some fields are invalid.', jsonb_build_array(jsonb_build_object(
        'path', 'audience.lead_ids', 'message', 'contains ' || unknown
          || ' ids that are not leads of the organization')));
    end if;
    return audience;
  end if;
  if audience -> 'filter' ->> 'team_id' is not null and not exists (
      select from public.teams t
      where t.organization_id = checked_audience.organization_id
        and t.id = (audience -> 'filter' ->> 'team_id')::uuid) then
    perform private.problem(422, 'invalid_field', 'Some fields are invalid.',
      '[{"path": "audience.filter.team_id", "message": "is not a team of the organization"}]');
  end if;
  if audience -> 'filter' ->> 'assigned_to' = 'me' then
    return jsonb_set(audience, '{filter,assigned_to}', to_jsonb(auth.uid()));
  end if;
  return audience;
end
$$;
