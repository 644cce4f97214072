-- Leads as functions return them, in their order: the columns, the response clock as an object, and the names of
-- people. One call for a page and column by column: removing columns from the whole row costs more than reading it.
create function private.lead_rows(leads public.leads[])
returns jsonb
language plpgsql stable set search_path = ''
as $$
begin
  return (
    select coalesce(jsonb_agg(to_jsonb(r) - 'n' order by r.n), '[]')
    from (
      select l.n, l.id, l.version, l.first_name, l.last_name, l.full_name, l.email, l.phone, l.source, l.status,
        l.outcome, l.status_since, l.closed_at, l.value::text, l.currency, l.tags, l.time_zone, l.country, l.region,
        l.custom_fields, l.team_id, l.assigned_to,
        (select p.full_name from public.profiles p where p.id = l.assigned_to) as assigned_to_name, l.assigned_at,
        l.created_by, (select p.full_name from public.profiles p where p.id = l.created_by) as created_by_name,
        case when l.sla_status is not null then jsonb_build_object('status', l.sla_status,
          'started_at', l.sla_started_at, 'deadline', l.sla_deadline, 'responded_at', l.sla_responded_at,
            'breached_at', l.sla_breached_at) end as sla,
        l.deleted_at, l.created_at, l.updated_at
      from (
        select u.*, row_number() over () as n from unnest(leads) u
      ) l
    ) r);
end
$$;
