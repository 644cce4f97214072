-- Movements and issues of clients as sources of the report builder (60_reports). Movements that were corrected count for
-- nothing, and so do the issues of clients that were deleted.
insert into private.report_sources (name, position, label, description, kind, relation, scope, permissions,
  export_permission, condition, ids_are_times, lead_join) values
  ('client_movements', 16, 'Client movements', 'What clients began, changed and ended to pay', 'event',
    'public.client_movements', 'organization', '{clients:read}', 'clients:export',
    $$b.kind not in ('correction', 'unchanged') and not exists (
      select from public.client_movements r where r.reverses = b.id)$$, false, null),
  ('client_issues', 17, 'Client issues', 'What clients report', 'state', 'public.client_issues', 'organization',
    '{clients:read}', 'clients:export', $$exists (
      select from public.clients k
      where k.organization_id = b.organization_id and k.id = b.client_id and k.deleted_at is null)$$, false, null);

insert into private.report_joins (source, name, clause) values
  ('client_movements', 'client',
    'left join public.clients k on k.organization_id = b.organization_id and k.id = b.client_id'),
  ('client_movements', 'author', 'left join public.profiles a on a.id = b.recorded_by'),
  ('client_issues', 'client',
    'left join public.clients k on k.organization_id = b.organization_id and k.id = b.client_id'),
  ('client_issues', 'type',
    'left join public.incident_types g on g.organization_id = b.organization_id and g.key = b.type'),
  ('client_issues', 'author', 'left join public.profiles a on a.id = b.created_by');

with catalogue (source, name, label, type, expression, join_name, flags, choices, currency) as (
  values
    ('client_movements', 'id', 'Id', 'id', 'b.id', null, 'ungrouped', null, null),
    ('client_movements', 'client_id', 'Client id', 'id', 'b.client_id', null, 'ungrouped', null, null),
    ('client_movements', 'client', 'Client', 'text', 'k.name', 'client', 'personal', null, null),
    ('client_movements', 'kind', 'Kind', 'choice', 'b.kind', null, '',
      'trial_start,trial_lost,new,expansion,contraction,churn,reactivation,currency,pause,resume,notice,'
      'notice_withdrawn,segment', null),
    ('client_movements', 'amount', 'Change of monthly revenue', 'money', 'b.amount', null, 'ungrouped', null, 'b.currency'),
    ('client_movements', 'currency', 'Currency', 'choice', 'b.currency', null, '', null, null),
    ('client_movements', 'segment', 'Segment', 'text', 'b.segment', null, '', null, null),
    ('client_movements', 'reason', 'Reason', 'choice', 'b.reason', null, '',
      'price,service,competitor,moved,closed,payment,other,unknown', null),
    ('client_movements', 'voluntary', 'Voluntary', 'boolean', 'b.voluntary', null, '', null, null),
    ('client_movements', 'day', 'Day', 'date', 'b.day', null, '', null, null),
    ('client_movements', 'author', 'Entered by', 'text', 'a.full_name', 'author', '', null, null),
    ('client_movements', 'recorded_at', 'Entered', 'timestamp', 'b.recorded_at', null, 'period', null, null),

    ('client_issues', 'id', 'Id', 'id', 'b.id', null, 'ungrouped', null, null),
    ('client_issues', 'client_id', 'Client id', 'id', 'b.client_id', null, 'ungrouped', null, null),
    ('client_issues', 'client', 'Client', 'text', 'k.name', 'client', 'personal', null, null),
    ('client_issues', 'type', 'Type', 'text', 'coalesce(g.label, b.type)', 'type', '', null, null),
    ('client_issues', 'title', 'Title', 'text', 'b.title', null, 'personal plain unsummed', null, null),
    ('client_issues', 'severity', 'Severity', 'choice', 'b.severity', null, '', 'low,medium,high', null),
    ('client_issues', 'status', 'Status', 'choice', 'b.status', null, '', 'open,in_progress,closed', null),
    ('client_issues', 'author', 'Entered by', 'text', 'a.full_name', 'author', '', null, null),
    ('client_issues', 'opened_at', 'Began', 'timestamp', 'b.opened_at', null, 'period', null, null),
    ('client_issues', 'closed_at', 'Closed', 'timestamp', 'b.closed_at', null, 'period', null, null),
    ('client_issues', 'recorded_at', 'Entered', 'timestamp', 'b.recorded_at', null, 'period', null, null)
)
insert into private.report_fields (source, name, position, label, type, expression, join_name, aggregations, groupable,
  sortable, personal, period, currency, choices)
select c.source, c.name, row_number() over (partition by c.source), c.label, c.type, c.expression, c.join_name,
  case when c.flags ~ 'unsummed' then '{}'::text[] end, c.flags !~ 'plain|ungrouped', c.flags !~ 'plain',
  c.flags ~ 'personal', c.flags ~ 'period', c.currency, string_to_array(c.choices, ',')
from catalogue c;
