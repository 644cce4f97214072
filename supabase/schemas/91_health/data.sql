insert into private.health_thresholds (name, degraded_from, down_from, unit, description) values
  ('database', 500, 3000, 'ms', 'How long the database takes to answer'),
  ('service', 2000, 5000, 'ms', 'How long Auth and Storage take to answer'),
  ('job:minute', 300, 1800, 's', 'Time since a job of every minute last succeeded'),
  ('job:hourly', 7200, 21600, 's', 'Time since a job of every hour last succeeded'),
  ('job:nightly', 93600, 180000, 's', 'Time since a job of every night last succeeded'),
  ('job:failures', 2, 10, 'failures', 'Failures of a job in a row'),
  ('queue:messages', 300, 1800, 's', 'How long the oldest message that is due waits'),
  ('queue:emails', 600, 3600, 's', 'How long the oldest e-mail that is due waits'),
  ('queue:imports', 1800, 7200, 's', 'How long the oldest import waits or runs'),
  ('queue:reports', 1800, 7200, 's', 'How long the oldest report run waits or runs'),
  ('queue:webhooks', 600, 3600, 's', 'How long the oldest event or delivery that could be sent waits'),
  ('provider', 0.01, 1, 'share', 'Active senders that the provider refuses'),
  ('integration', 0.001, 86400, 's', 'How long an integration fails');

insert into private.health_metrics (name, unit, description) values
  ('messages_backlog', 'messages', 'Messages that are due and wait'),
  ('messages_lag', 's', 'How long the oldest of them waits'),
  ('emails_backlog', 'e-mails', 'E-mails that are due and wait'),
  ('emails_lag', 's', 'How long the oldest of them waits'),
  ('imports_backlog', 'imports', 'Imports that wait or run'),
  ('imports_lag', 's', 'How long the oldest of them waits or runs'),
  ('reports_backlog', 'runs', 'Report runs that wait or run'),
  ('reports_lag', 's', 'How long the oldest of them waits or runs'),
  ('webhooks_backlog', 'deliveries', 'Deliveries to webhooks that are due and wait, and events that are not yet deliveries'),
  ('webhooks_lag', 's', 'How long the oldest of them that could be sent waits'),
  ('jobs_unhealthy', 'jobs', 'Jobs of the platform that are late or fail');
