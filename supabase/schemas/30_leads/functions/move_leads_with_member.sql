-- A person who changes teams takes the leads along. Definer: writes leads, which nobody may write directly.
create function private.move_leads_with_member()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  update public.leads l set team_id = new.team_id
  where l.organization_id = new.organization_id and l.assigned_to = new.user_id and l.team_id is distinct from new.team_id;
  return null;
end
$$;
