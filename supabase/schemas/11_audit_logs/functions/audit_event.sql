-- Writes an entry that is no change of an audited table, such as an export or a sign-in. details: what an auditor must
-- know about it, never a secret and no personal data beyond ids.
create function private.audit_event(
  organization_id uuid, action text, resource text, resource_id uuid default null, details jsonb default null,
  actor uuid default auth.uid())
returns void
language sql set search_path = ''
as $$
  insert into public.audit_logs
    (organization_id, actor_id, impersonator_id, action, resource, resource_id, after, via, request_id, ip)
  select audit_event.organization_id, actor, private.impersonator(), audit_event.action, audit_event.resource,
    audit_event.resource_id, nullif(details, '{}'), o.via, o.request_id, o.ip
  from private.request_origin() o
$$;

-- The same in every organization to which a person belongs: an account is the same in all of them.
create function private.audit_person(person uuid, action text, resource text, resource_id uuid, details jsonb,
  actor uuid)
returns void
language sql set search_path = ''
as $$
  select private.audit_event(m.organization_id, audit_person.action, audit_person.resource, audit_person.resource_id,
    details, actor)
  from public.memberships m where m.user_id = person
$$;
