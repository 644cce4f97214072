-- The catalogue. A field is key|type|expression|example, the expression n.key if left out; ? allows null. Ids and times
-- have an example of their own. The column data, the schema and the example are made of the fields. An event that comes
-- from more tables has a row for each; the first has the description, and all have the same keys.
with catalogue (position, type, description, permission, audience, source, operation, condition, fields) as (
  values
    (1, 'lead.created', 'A lead was added', 'leads:read', 'organization', 'leads', 'INSERT', 'n.deleted_at is null',
      'lead_id|uuid|n.id; status|string||"new"; source|string||"website"; assigned_to|uuid?; team_id|uuid?; '
      'import_id|uuid?; created_by|uuid?'),
    (2, 'lead.assigned', 'A lead got another holder, or none', 'leads:read', 'organization', 'lead_assignments',
      'INSERT', 'n.merged_from is null',
      'lead_id|uuid; from_user|uuid?; to_user|uuid?; method|string||"manual"; assigned_by|uuid?'),
    (3, 'lead.stage_changed', 'A lead moved to another stage', 'leads:read', 'organization', 'lead_history',
      'INSERT', 'n.merged_from is null and n.from_status is not null',
      'lead_id|uuid; from_status|string||"new"; to_status|string||"contacted"; changed_by|uuid?'),
    (4, 'lead.breached', 'A lead''s response deadline passed', 'leads:read', 'organization', 'sla_events',
      'INSERT', 'n.event = ''breach''', 'lead_id|uuid; assigned_to|uuid?; team_id|uuid?; deadline|time'),
    (5, 'customer.created', 'A customer was added', 'customers:read', 'organization', 'customers', 'INSERT', 'true',
      'customer_id|uuid|n.id; status|string||"connected"'),
    (6, 'customer.updated', 'A customer was changed', 'customers:read', 'organization', 'customers', 'UPDATE',
      'n is distinct from o',
      'customer_id|uuid|n.id; status|string||"warned"; previous_status|string|o.status|"connected"; '
      'changed|strings|private.changed_columns(to_jsonb(o), to_jsonb(n))|["status"]'),
    (7, 'action.recorded', 'A customer was connected, disconnected, warned or texted', 'actions:read',
      'organization', 'customer_actions', 'INSERT', 'true',
      'customer_id|uuid; action_id|uuid|n.id; action|string||"warn"; batch_id|uuid?; performed_by|uuid?'),
    (8, 'message.delivered', 'The provider reported a text as delivered', 'messages:read', 'organization', 'messages',
      'UPDATE', 'n.status = ''delivered'' and o.status <> n.status',
      'message_id|uuid|n.id; customer_id|uuid?; lead_id|uuid?; campaign_id|uuid?; batch_id|uuid?'),
    (9, 'message.failed', 'A text failed or could not be delivered', 'messages:read', 'organization', 'messages',
      'UPDATE', 'n.status in (''failed'', ''undelivered'') and o.status <> n.status',
      'message_id|uuid|n.id; status|string||"failed"; error_code|string?||"30003"; customer_id|uuid?; lead_id|uuid?; '
      'campaign_id|uuid?; batch_id|uuid?'),
    (10, 'message.received', 'Somebody texted', 'messages:read', 'organization', 'messages', 'INSERT',
      'n.direction = ''inbound''', 'message_id|uuid|n.id; customer_id|uuid?; lead_id|uuid?; in_reply_to|uuid?'),
    (11, 'number.opted_out', 'A number must not be texted any more; not for imported lists', 'suppressions:read',
      'organization', 'suppressions', 'INSERT', 'n.source in (''reply'', ''provider'', ''manual'')',
      'suppression_id|uuid|n.id; phone|string||"+233244123456"; scope|string||"marketing"; source|string||"reply"'),
    (12, 'campaign.status_changed', 'A campaign started, paused, completed or was canceled', 'campaigns:read',
      'organization', 'campaigns', 'UPDATE', 'n.status <> o.status',
      'campaign_id|uuid|n.id; status|string||"completed"; previous_status|string|o.status|"running"'),
    (13, 'task.created', 'A task was added', 'tasks:read', 'organization', 'tasks', 'INSERT', 'true',
      'task_id|uuid|n.id; lead_id|uuid?; status|string||"open"; assigned_to|uuid?; due_at|time?'),
    (14, 'task.updated', 'A task was changed', 'tasks:read', 'organization', 'tasks', 'UPDATE',
      'n.version <> o.version',
      'task_id|uuid|n.id; lead_id|uuid?; status|string||"done"; previous_status|string|o.status|"open"; '
      'assigned_to|uuid?; due_at|time?'),
    (15, 'client.created', 'A client was added', 'clients:read', 'organization', 'clients', 'INSERT', 'true',
      'client_id|uuid|n.id; status|string||"trial"; segment|string||"enterprise"; owner_id|uuid?'),
    (16, 'client.updated', 'A client was changed', 'clients:read', 'organization', 'clients', 'UPDATE',
      'n.version <> o.version or n.status <> o.status',
      'client_id|uuid|n.id; status|string||"active"; previous_status|string|o.status|"trial"; '
      'changed|strings|private.changed_columns(to_jsonb(o), to_jsonb(n))|["status"]'),
    (17, 'note.sent', 'A note was sent to the owner''s role, or by the owner', 'notes:read', 'role', 'notes', 'INSERT',
      'true',
      'note_id|uuid|n.id; sender_id|uuid?; recipients|strings|to_jsonb(n.recipients)|["admin"]; client_id|uuid?'),
    (18, 'report.ready', 'The file of one of the owner''s reports is there', 'reports:read', 'owner', 'report_runs',
      'UPDATE', 'n.status in (''ready'', ''empty'') and o.status <> n.status',
      'run_id|uuid|n.id; report_id|uuid; owner_id|uuid?; status|string||"ready"; format|string||"xlsx"; '
      'row_count|integer?||1200; scheduled_for|time?'),
    (19, 'import.finished', 'An import of leads or clients, or of a spreadsheet of customers, is done, failed or canceled',
      'leads:import', 'organization', 'lead_imports', 'UPDATE',
      'n.status in (''done'', ''failed'', ''canceled'') and o.status <> n.status',
      'import_id|uuid|n.id; kind|string||"leads"; status|string||"done"; '
      'counts|object||{"created": 100, "skipped": 2}'),
    (19, 'import.finished', null, 'leads:import', 'organization', 'batches', 'UPDATE',
      'n.kind = ''upload'' and o.counts = ''{}'' and n.counts <> o.counts',
      'import_id|uuid|n.id; kind|string|''customers''::text|"leads"; status|string|''done''::text|"done"; '
      'counts|object')
), fields as (
  select c.type, c.source, c.operation, c.description, f.position, p[1] as key, rtrim(p[2], '?') as kind,
    p[2] like '%?' as optional,
    coalesce(nullif(p[3], ''), 'n.' || p[1]) as expression,
    coalesce(p[4]::jsonb, case rtrim(p[2], '?') when 'time' then '"2026-12-01T08:00:00+00:00"'
      else '"0199aa5c-6f0e-7c1e-9a52-0d5c1f5a3b11"' end::jsonb) as example
  from catalogue c
  cross join lateral regexp_split_to_table(c.fields, ';\s*') with ordinality as f (field, position)
  cross join lateral string_to_array(f.field, '|') as p
), shapes as (
  select f.type, (array_agg(f.key order by f.position))[1] as object, jsonb_object_agg(f.key, f.example) as example,
    jsonb_build_object('type', 'object', 'required', jsonb_agg(f.key order by f.position),
      'properties', jsonb_object_agg(f.key, case f.kind
        when 'uuid' then '{"format": "uuid"}' when 'time' then '{"format": "date-time"}'
        when 'strings' then '{"items": {"type": "string"}}' else '{}' end::jsonb
        || jsonb_build_object('type', case when f.optional then jsonb_build_array(k.name, 'null')
          else to_jsonb(k.name) end))) as schema
  from fields f
  cross join lateral (select case f.kind when 'uuid' then 'string' when 'time' then 'string' when 'strings' then 'array'
    else f.kind end as name) k
  where f.description is not null
  group by f.type
), types as (
  insert into private.webhook_event_types
    (type, position, description, permission, audience, permission_by_kind, object, schema, example)
  select c.type, c.position, c.description, c.permission, c.audience, case c.type when 'import.finished'
    then jsonb '{"leads": "leads:import", "clients": "clients:import", "customers": "uploads:read"}' end, s.object,
    s.schema, s.example
  from catalogue c join shapes s on s.type = c.type
  where c.description is not null
)
insert into private.webhook_event_sources (type, source, operation, condition, data)
select c.type, c.source, c.operation, c.condition, (
  select format('jsonb_build_object(%s)', string_agg(format('%L, %s', f.key, f.expression), ', ' order by f.position))
  from fields f where (f.type, f.source, f.operation) = (c.type, c.source, c.operation))
from catalogue c;
