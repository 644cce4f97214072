-- Tasks as functions return them, in the order of ids, with the names of the leads that the caller may see. One call
-- for a page, because a call for each row costs more than reading it. For security definer functions.
create function private.task_rows(organization_id uuid, ids uuid[])
returns jsonb
language plpgsql stable set search_path = ''
as $$
declare
  me uuid := auth.uid();
  team uuid;
  lead_scope text;
begin
  select p.scope, m.team_id into lead_scope, team
  from public.memberships m
  join public.role_permissions p on p.role_id = m.role_id and p.permission = 'leads:read'
  where m.organization_id = task_rows.organization_id and m.user_id = me and m.status = 'active';
  return (
    select coalesce(jsonb_agg(to_jsonb(t) - array['organization_id', 'lead_deleted'] || jsonb_build_object(
        'lead_name', coalesce(nullif(x.full_name, ''), x.email, x.phone),
        'overdue', coalesce(t.status in ('open', 'in_progress') and t.due_at < now(), false),
        'assigned_to_name', a.full_name, 'created_by_name', c.full_name) order by p.n), '[]')
    from unnest(ids) with ordinality p (id, n)
    join public.tasks t on t.id = p.id
    left join public.profiles a on a.id = t.assigned_to
    left join public.profiles c on c.id = t.created_by
    left join public.leads x on x.id = t.lead_id and (lead_scope = 'organization'
      or (lead_scope = 'team' and x.team_id = team) or (lead_scope is not null
        and me in (x.assigned_to, x.created_by))));
end
$$;
