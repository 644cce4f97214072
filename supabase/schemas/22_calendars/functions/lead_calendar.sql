-- GET /leads/calendar. Security definer: checks the permission itself, so that a suspended member gets 403 and not
-- "no calendar".
create function private.lead_calendar(organization_id uuid)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
begin
  perform private.require_scope(organization_id, 'leads:read');
  return private.calendar_json(organization_id);
end
$$;
grant execute on function private.lead_calendar(uuid) to authenticated;

create function public.lead_calendar(organization_id uuid)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.lead_calendar(organization_id)
$$;
comment on function public.lead_calendar is
  'The organization''s business hours: { enabled, time_zone, week, holidays }; week null: none.';
grant execute on function public.lead_calendar(uuid) to authenticated;
