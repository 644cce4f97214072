-- POST /leads/{id}/resend-email: queues the e-mail of the current assignment again, at most once a minute. Security
-- definer because callers may not write e-mails directly.
create function private.resend_assignment(organization_id uuid, lead_id uuid)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  answer jsonb;
  lead public.leads;
  assignment public.lead_assignments;
  address text;
  retry_after integer;
  mail public.emails;
begin
  perform private.require_scope(organization_id, 'leads:assign');
  answer := private.idempotent_response(organization_id);
  if answer is not null then
    return answer;
  end if;
  lead := private.require_lead(organization_id, lead_id, 'leads:assign', true);
  if lead.assigned_to is null then
    perform private.problem(409, 'not_assigned', 'The lead is not assigned.');
  end if;
  select p.email into address
  from public.memberships m
  join public.profiles p on p.id = m.user_id
  left join public.notification_preferences f
    on f.organization_id = m.organization_id and f.user_id = m.user_id and f.kind = 'assignment'
  where m.organization_id = resend_assignment.organization_id and m.user_id = lead.assigned_to and m.status = 'active'
    and p.email <> '' and coalesce(f.email, true);
  if address is null then
    perform private.problem(409, 'not_by_email', 'The lead''s assignee has turned off assignment e-mails.');
  end if;
  select ceil(60 - extract(epoch from clock_timestamp() - max(e.created_at))) into retry_after from public.emails e
  where e.organization_id = resend_assignment.organization_id and e.lead_id = resend_assignment.lead_id
    and e.event_key like 'assignment:%:again:%';
  if retry_after > 0 then
    perform private.problem(429, 'rate_limited', 'This e-mail was resent less than a minute ago.',
      jsonb_build_object('retry_after', retry_after));
  end if;
  select * into assignment from public.lead_assignments a
  where a.organization_id = resend_assignment.organization_id and a.lead_id = resend_assignment.lead_id
    and a.to_user = lead.assigned_to and a.merged_from is null
  order by a.id desc limit 1;
  insert into public.emails (organization_id, user_id, lead_id, kind, to_address, data, event_key)
  values (organization_id, lead.assigned_to, lead_id, 'assignment', address, jsonb_build_object(
      'lead_id', lead_id, 'lead_name', coalesce(nullif(lead.full_name, ''), lead.email, lead.phone),
      'deadline', coalesce(lead.sla_deadline, assignment.deadline), 'note', assignment.note, 'leads', 1,
      'assigned_by_name', (select p.full_name from public.profiles p where p.id = assignment.assigned_by),
      'title', 'A lead was assigned to you', 'body', coalesce(nullif(lead.full_name, ''), lead.email, lead.phone)),
    'assignment:' || coalesce(assignment.id, lead_id) || ':again:' || private.uuid_v7())
  returning * into mail;
  return private.store_idempotent_response(organization_id,
    jsonb_build_object('email_id', mail.id, 'to', mail.to_address, 'status', mail.status));
end
$$;
grant execute on function private.resend_assignment(uuid, uuid) to authenticated;

create function public.resend_assignment(organization_id uuid, lead_id uuid)
returns jsonb
language sql set search_path = ''
as $$
  select private.resend_assignment(organization_id, lead_id)
$$;
comment on function public.resend_assignment is 'Queues the e-mail of a lead''s assignment again.';
grant execute on function public.resend_assignment(uuid, uuid) to authenticated;
