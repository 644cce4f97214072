-- The scope of the caller's permission as separate conditions on leads x, each of which an index can answer in the
-- order of a list: with "the team's or my own" in one condition the planner would read and sort every row to find the
-- first fifty.
create function private.lead_scope_filter(organization_id uuid, permission text)
returns text[]
language plpgsql stable set search_path = ''
as $$
declare
  scope text := private.require_scope(organization_id, permission);
  team uuid := (
    select m.team_id from public.memberships m
    where m.organization_id = lead_scope_filter.organization_id and m.user_id = auth.uid());
  own text[] := array[format('x.assigned_to = %L', auth.uid()), format('x.created_by = %L', auth.uid())];
begin
  return case
    when scope = 'organization' then array['true']
    when scope = 'team' and team is not null then format('x.team_id = %L', team) || own
    else own end;
end
$$;
