create function private.notification_kinds()
returns text[]
language sql immutable parallel safe set search_path = ''
as $$
  select array['assignment', 'sla_reminder', 'sla_breach', 'task_due', 'import_finished', 'report_ready', 'campaign',
    'note', 'churn', 'system']
$$;
comment on function private.notification_kinds is
  'The kinds with a preference. For notifications of any other kind the preference of system counts.';

-- Notes have an inbox and a count of their own: in the application they would be shown twice.
create function private.is_in_app_by_default(kind text)
returns boolean
language sql immutable parallel safe set search_path = ''
as $$
  select kind <> 'note'
$$;
