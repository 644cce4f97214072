create function private.notification_kinds()
returns text[]
language sql immutable parallel safe set search_path = ''
as $$
  select array['assignment', 'sla_reminder', 'sla_breach', 'task_due', 'import_finished', 'report_ready', 'campaign',
    'system']
$$;
comment on function private.notification_kinds is
  'The kinds with a preference. For notifications of any other kind the preference of system counts.';
