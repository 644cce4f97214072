create function private.report_settings_json(organization_id uuid)
returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object('first_weekday', coalesce(s.first_weekday, 1), 'file_days', coalesce(s.file_days, 30),
    'outside_links', coalesce(s.outside_links, false), 'outside_link_hours', coalesce(s.outside_link_hours, 168))
  from (select 1) one
  left join public.report_settings s on s.organization_id = report_settings_json.organization_id
$$;

-- GET /reports/settings. Security definer: checks the permission itself, also where there is no row for a policy.
create function private.report_settings(organization_id uuid)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
begin
  perform private.require_scope(organization_id, 'reports:read');
  return private.report_settings_json(organization_id);
end
$$;
grant execute on function private.report_settings(uuid) to authenticated;

create function public.report_settings(organization_id uuid)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.report_settings(organization_id)
$$;
comment on function public.report_settings is 'The report settings of an organization.';
grant execute on function public.report_settings(uuid) to authenticated;

-- PATCH /reports/settings. change: { first_weekday?, file_days?, outside_links?, outside_link_hours? }. Security definer
-- because callers may not write settings directly.
create function private.update_report_settings(organization_id uuid, change jsonb)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  wanted record;
begin
  perform private.require_permission(organization_id, 'organization:update');
  perform private.require_keys(change, array['first_weekday', 'file_days', 'outside_links', 'outside_link_hours'], '');
  select * into wanted from jsonb_to_record(private.report_settings_json(organization_id) || change)
    as w (first_weekday integer, file_days integer, outside_links boolean, outside_link_hours integer);
  perform private.require_valid(wanted.first_weekday between 1 and 7, 'first_weekday', 'must be between 1 and 7');
  perform private.require_valid(wanted.file_days between 1 and 365, 'file_days', 'must be between 1 and 365');
  perform private.require_valid(wanted.outside_links is not null, 'outside_links', 'must be true or false');
  perform private.require_valid(wanted.outside_link_hours between 1 and 720, 'outside_link_hours',
    'must be between 1 and 720');
  insert into public.report_settings as s (organization_id, first_weekday, file_days, outside_links, outside_link_hours)
  values (organization_id, wanted.first_weekday, wanted.file_days, wanted.outside_links, wanted.outside_link_hours)
  on conflict on constraint report_settings_one do update
    set first_weekday = excluded.first_weekday, file_days = excluded.file_days,
      outside_links = excluded.outside_links, outside_link_hours = excluded.outside_link_hours;
  return private.report_settings_json(organization_id);
end
$$;
grant execute on function private.update_report_settings(uuid, jsonb) to authenticated;

create function public.update_report_settings(organization_id uuid, change jsonb)
returns jsonb
language sql set search_path = ''
as $$
  select private.update_report_settings(organization_id, change)
$$;
comment on function public.update_report_settings is 'Changes the report settings of an organization.';
grant execute on function public.update_report_settings(uuid, jsonb) to authenticated;
