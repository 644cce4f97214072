-- GET /dashboard/sla-performance. Security definer: see lead_dashboard.
create function private.sla_performance(organization_id uuid)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
  answer jsonb;
begin
  select private.sla_json(array_agg(row(s.response_minutes, s.outcome, s.events)::private.sla_count)) into answer
  from private.sla_figures(organization_id, 'dashboard:read', false) s;
  return answer || jsonb_build_object('by_assignee', (
    select coalesce(jsonb_agg(jsonb_build_object('user_id', p.person_id, 'full_name', u.full_name) || p.sla
      order by u.full_name, p.person_id), '[]')
    from (
      select s.person_id, private.sla_json(array_agg(row(s.response_minutes, s.outcome,
        s.events)::private.sla_count)) as sla
      from private.sla_figures(sla_performance.organization_id, 'dashboard:read', true) s group by s.person_id
    ) p
    left join public.profiles u on u.id = p.person_id));
end
$$;
grant execute on function private.sla_performance(uuid) to authenticated;

create function public.sla_performance(organization_id uuid)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.sla_performance(organization_id)
$$;
comment on function public.sla_performance is 'Response times within the caller''s scope, in total and by person.';
grant execute on function public.sla_performance(uuid) to authenticated;
