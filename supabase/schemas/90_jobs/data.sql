-- Tasks have a transaction each, so that none keeps its locks while the next one runs.
insert into private.jobs (name, schedule, task_of, position, command, description) values
  ('dispatch-messages', '* * * * *', null, 0,
    $$select private.invoke('jobs/dispatch-messages')$$, 'Sends messages that are due'),
  ('send-emails', '* * * * *', null, 0,
    $$select private.invoke('jobs/send-emails')$$, 'Sends e-mails that are due'),
  ('resolve-unknown-outcomes', '* * * * *', null, 0,
    $$select private.invoke('jobs/resolve-unknown-outcomes')$$,
    'Finds out what became of messages whose outcome is unknown'),
  ('sla', '* * * * *', null, 0,
    'select private.run_sla()', 'Reminders before and notifications after a lead''s deadline'),
  ('minute-tasks', '* * * * *', null, 0,
    $cron$do $$
      declare
        task text;
      begin
        for task in select private.tasks_of('minute-tasks') loop
          perform private.run_task(task);
          commit;
        end loop;
      end
    $$$cron$, 'Runs the tasks of every minute'),
  -- Asks about each message at growing intervals, the first time an hour after the last report, so that a lost callback
  -- is recovered within two hours.
  ('reconcile-messages', '23 * * * *', null, 0,
    $$select private.invoke('jobs/reconcile-messages')$$, 'Asks providers about messages without a final status'),
  ('nightly-tasks', '17 2 * * *', null, 0,
    $cron$do $$
      declare
        task text;
      begin
        for task in select private.tasks_of('nightly-tasks') loop
          perform private.run_task(task);
          commit;
        end loop;
      end
    $$$cron$, 'Runs the tasks of every night'),
  ('broadcast-campaign-progress', '1 second', null, 0,
    'select private.broadcast_campaign_progress()', 'Broadcasts the counters of running campaigns; switched off while there are none'),
  ('run-campaign-scheduler', null, 'minute-tasks', 1,
    'select private.run_campaign_scheduler()', 'Starts scheduled campaigns, completes and pauses running ones'),
  ('task-reminders', null, 'minute-tasks', 2,
    'select private.run_task_reminders()', 'Reminders of tasks'),
  ('import-leads', null, 'minute-tasks', 3,
    $$select private.invoke('jobs/import-leads') where exists (select from private.lead_import_runs)$$,
    'Continues imports of leads and clients'),
  ('import-dnc', null, 'minute-tasks', 4,
    'select private.run_dnc_list_jobs()', 'Continues imports and deletions of do-not-call lists'),
  ('recompute-sla-clocks', null, 'minute-tasks', 5,
    'select private.recompute_sla_clocks()', 'Recomputes deadlines after a change of calendar, settings or stages'),
  ('evaluate-campaign-alerts', null, 'minute-tasks', 6,
    'select private.evaluate_campaign_alerts()', 'Alerts on campaigns with too many failures or opt-outs'),
  ('cool-down-numbers', null, 'minute-tasks', 7,
    'select private.cool_down_numbers()', 'Excludes failing numbers from campaigns for a while'),
  ('roll-up-counters', null, 'minute-tasks', 8,
    'select private.roll_up_counters()', 'Adds up the deltas of counters'),
  ('purge-cron-run-details', null, 'minute-tasks', 9,
    'select private.purge_cron_run_details()', 'Removes the run records of the job of every second'),
  ('run-report-schedules', null, 'minute-tasks', 10,
    'select private.run_report_schedules()', 'Queues runs of reports that are due'),
  ('run-reports', null, 'minute-tasks', 11,
    $$select private.invoke('report-jobs/run-reports') where exists (select from private.report_run_work)$$,
    'Continues runs of reports'),
  ('enter-planned-movements', null, 'minute-tasks', 12,
    'select private.run_client_plans()', 'Enters movements of clients whose day has come'),
  ('notify-of-notes', null, 'minute-tasks', 13,
    'select private.notify_of_notes()', 'Mails people new notes as they prefer'),
  ('snapshot-client-features', null, 'minute-tasks', 14,
    'select private.run_feature_snapshots()', 'Takes the weekly snapshot of what is known of clients'),
  ('switch-progress-job', null, 'minute-tasks', 15,
    'select private.switch_progress_job()', 'Switches the job of every second off while no campaign is under way'),
  ('train-churn-models', null, 'minute-tasks', 16,
    'select private.run_churn_training()', 'Learns how likely clients are to leave'),
  ('score-clients', null, 'minute-tasks', 17,
    'select private.run_scoring()', 'Computes the risk of clients, every night and after a training'),
  ('send-churn-digests', null, 'minute-tasks', 18,
    'select private.send_churn_digests()', 'Notifies people which clients entered the highest band'),
  ('recommend-plays', null, 'minute-tasks', 19,
    'select private.run_recommendations()', 'Recommends what to do for clients at risk, and settles what became of it'),
  ('predict-incidents', null, 'minute-tasks', 20,
    'select private.run_incident_predictions()', 'Forecasts the issues of clients, every night'),
  ('maintain', null, 'nightly-tasks', 1,
    'select private.maintain()', 'Creates partitions, applies retention, removes what has expired'),
  ('purge-notifications', null, 'nightly-tasks', 2,
    'select private.purge_notifications()', 'Removes old notifications and e-mails'),
  ('compact-counters', null, 'nightly-tasks', 3,
    'select private.compact_counters()', 'Removes sums that have become zero'),
  ('purge-reports', null, 'nightly-tasks', 4,
    'select private.purge_reports()', 'Removes frozen rows and expired files of reports'),
  ('link-clients', null, 'nightly-tasks', 5,
    'select private.link_new_contacts()', 'Links clients to customers and leads that came later'),
  ('apply-client-rules', null, 'nightly-tasks', 6,
    'select private.run_client_rules()', 'Ends trials and pauses that are over, and what has been unpaid for too long'),
  ('thin-client-features', null, 'nightly-tasks', 7,
    'select private.thin_client_features()', 'Removes most of the old snapshots of clients, and makes partitions'),
  ('warn-of-expiring-keys', null, 'nightly-tasks', 8,
    'select private.warn_of_expiring_keys()', 'Notifies admins 14 and 3 days before an API key expires'),
  ('seal-audit-logs', null, 'minute-tasks', 21,
    'select private.seal_audit_logs()', 'Seals the audit log against changes'),
  ('snapshot-health', null, 'minute-tasks', 22,
    'select private.snapshot_health()', 'Takes a snapshot of queues and jobs every five minutes'),
  ('run-privacy-requests', null, 'minute-tasks', 23,
    'select private.run_privacy_requests()', 'Exports or erases what is held on a person'),
  ('purge-privacy-exports', null, 'nightly-tasks', 11,
    'select private.purge_privacy_exports()', 'Removes the rows of exports after seven days'),
  ('thin-health-snapshots', null, 'nightly-tasks', 9,
    'select private.thin_health_snapshots()', 'Joins old snapshots to hours and days'),
  ('watch-churn-scores', null, 'nightly-tasks', 10,
    'select private.watch_churn_scores()', 'Compares scores whose time has passed with who left'),
  ('deliver-webhooks', null, 'minute-tasks', 23,
    $$select private.invoke('jobs/deliver-webhooks') where exists (
      select from private.webhook_events v where v.fanned_out_at is null)
    or exists (select from private.webhook_deliveries d where d.status in ('pending', 'sending'))$$,
    'Delivers events to webhooks'),
  ('cancel-outdated-messages', null, 'minute-tasks', 24,
    'select private.cancel_outdated_messages()', 'Cancels texts that have waited too long'),
  ('purge-webhooks', null, 'nightly-tasks', 11,
    'select private.purge_webhooks()', 'Removes old events and secrets of webhooks');
