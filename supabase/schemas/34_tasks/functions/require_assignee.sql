create function private.require_assignee(organization_id uuid, user_id uuid)
returns void
language plpgsql stable set search_path = ''
as $$
begin
  if not exists (
    select from public.memberships m
    where m.organization_id = require_assignee.organization_id and m.user_id = require_assignee.user_id
      and m.status = 'active' and not m.is_service
  ) then
    perform private.problem(422, 'invalid_field', 'Tasks can only be assigned to active members.',
      '[{"path": "assigned_to", "message": "is not an active member"}]');
  end if;
end
$$;
