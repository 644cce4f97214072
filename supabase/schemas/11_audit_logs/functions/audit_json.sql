-- An entry as the API shows it, with or without the values before and after.
create function private.audit_json(entry public.audit_logs, with_values boolean)
returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object('id', entry.id, 'action', entry.action, 'resource', entry.resource,
      'resource_id', entry.resource_id, 'user_id', entry.actor_id, 'user_name', a.full_name, 'user_email', a.email,
      'impersonator_id', entry.impersonator_id,
      'impersonator_name', (select i.full_name from public.profiles i where i.id = entry.impersonator_id),
      'changed', entry.changed, 'via', entry.via, 'request_id', entry.request_id, 'ip', entry.ip,
      'created_at', entry.created_at)
    || case when with_values then jsonb_build_object('before', entry.before, 'after', entry.after) else '{}' end
  from (select) one left join public.profiles a on a.id = entry.actor_id
$$;
