-- Leads follow their assignee into another team. Security definer because callers may not write leads directly.
create function private.move_leads_with_member()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  update public.leads l set team_id = new.team_id
  where l.organization_id = new.organization_id and l.assigned_to = new.user_id and l.team_id is distinct
    from new.team_id;
  return null;
end
$$;
