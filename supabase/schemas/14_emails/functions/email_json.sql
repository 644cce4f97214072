-- An e-mail as admins see it: without the values for its template.
create function private.email_json(email public.emails)
returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object('id', email.id, 'kind', email.kind, 'to', email.to_address, 'user_id', email.user_id,
    'user_name', (select p.full_name from public.profiles p where p.id = email.user_id), 'lead_id', email.lead_id,
    'title', email.data ->> 'title', 'status', email.status, 'attempts', email.attempts, 'reason', email.last_error,
    'next_attempt_at', case when email.status = 'queued' then email.next_attempt_at end, 'sent_at', email.sent_at,
    'provider', email.provider, 'created_at', email.created_at)
$$;
