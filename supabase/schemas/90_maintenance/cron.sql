select cron.schedule('dispatch-messages', '* * * * *', $$select private.invoke('jobs/dispatch-messages')$$);

select cron.schedule('settle-messages', '* * * * *', $$select private.invoke('jobs/settle-messages')$$);

select cron.schedule('fold-totals', '* * * * *', $$select private.fold_totals()$$);

select cron.schedule('maintain', '17 2 * * *', $$select private.maintain()$$);

select cron.schedule('send-emails', '* * * * *', $$select private.invoke('jobs/send-emails')$$);

select cron.schedule('tidy-notices', '47 2 * * *', $$select private.tidy_notices()$$);

select cron.schedule('sla', '* * * * *', $$select private.run_sla()$$);

select cron.schedule('recount-clocks', '* * * * *', $$select private.recount_clocks()$$);

select cron.schedule('task-reminders', '* * * * *', 'select private.run_task_reminders()');

select cron.schedule('import-leads', '* * * * *',
  $$select private.invoke('jobs/import-leads') where exists (select from private.lead_import_runs)$$);

select cron.schedule('fold-lead-totals', '* * * * *', $$select private.fold_lead_totals()$$);

select cron.schedule('tidy-lead-totals', '27 2 * * *', $$select private.tidy_lead_totals()$$);

select cron.schedule('import-dnc', '* * * * *', $$select private.tend_dnc_lists()$$);

select cron.schedule('rest-failing-numbers', '*/5 * * * *', $$select private.rest_failing_numbers()$$);

select cron.schedule('tend-campaigns', '* * * * *', $$select private.tend_campaigns()$$);

-- pg_cron before 1.5 knows no seconds: there the sweep comes every minute, and in between whoever watches a campaign's
-- stream moves it on.
do $$
begin
  perform cron.schedule('tell-campaigns', '1 second', 'select private.tell_campaigns()');
exception when invalid_parameter_value then
  perform cron.schedule('tell-campaigns', '* * * * *', 'select private.tell_campaigns()');
end
$$;

select cron.schedule('tidy-ticks', '*/10 * * * *', $$select private.tidy_ticks()$$);

select cron.schedule('fold-text-totals', '* * * * *', $$select private.fold_text_totals()$$);

select cron.schedule('tidy-text-totals', '37 2 * * *', $$select private.tidy_text_totals()$$);

select cron.schedule('watch-rates', '* * * * *', $$select private.watch_rates()$$);

-- Every hour rather than every day: each message is asked about at growing distances, the first time an hour after its
-- last word, so that a lost callback is made good within two hours.
select cron.schedule('reconcile-messages', '23 * * * *', $$select private.invoke('jobs/reconcile-messages')$$);
