-- PATCH /leads/settings. Fields that are left out stay unchanged; capacity null: unlimited. Security definer because
-- callers may not write settings directly.
create function private.update_lead_settings(organization_id uuid, changes jsonb)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
begin
  perform private.require_permission(organization_id, 'leads:configure');
  update public.lead_settings s set
    sla_minutes = coalesce((changes ->> 'sla_minutes')::integer, s.sla_minutes),
    reminder_minutes = coalesce((changes ->> 'reminder_minutes')::integer, s.reminder_minutes),
    clock_starts = coalesce(changes ->> 'clock_starts', s.clock_starts),
    on_reassignment = coalesce(changes ->> 'on_reassignment', s.on_reassignment),
    capacity = case when changes ? 'capacity' then (changes ->> 'capacity')::integer else s.capacity end
  where s.organization_id = update_lead_settings.organization_id;
  return private.settings_json(organization_id);
end
$$;
grant execute on function private.update_lead_settings(uuid, jsonb) to authenticated;

create function public.update_lead_settings(organization_id uuid, changes jsonb)
returns jsonb
language sql set search_path = ''
as $$
  select private.update_lead_settings(organization_id, changes)
$$;
comment on function public.update_lead_settings is
  'Changes the organization''s lead settings and recomputes running response clocks.';
grant execute on function public.update_lead_settings(uuid, jsonb) to authenticated;
