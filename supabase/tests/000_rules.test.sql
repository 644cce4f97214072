-- The rules for the whole schema, frozen: an exception is added here, with its reason.
begin;
\ir support.inc
select plan(38);

create view tests.tables as
  select c.oid, c.relname as name, c.relrowsecurity as secured from pg_class c
  where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p');
create view tests.policies as
  select p.*, t.name as table_name from pg_policy p join tests.tables t on t.oid = p.polrelid;
create view tests.functions as
  select p.*, n.nspname as schema, p.oid::regprocedure::text as signature
  from pg_proc p join pg_namespace n on n.oid = p.pronamespace where n.nspname in ('public', 'private');

-- Tables
select is_empty($$select name from tests.tables where not secured$$, 'Every table in public has row level security.');
select is_empty($$
  select name from tests.tables t
  where name not in ('organizations', 'profiles') -- the tenant itself; a person belongs to any number of tenants
    and not exists (select from pg_attribute a where a.attrelid = t.oid and a.attname = 'organization_id')
$$, 'Every table in public has organization_id.');
select is_empty($$
  select name from tests.tables t
  where name not in ('organizations', 'profiles') and not exists (
    select from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
    where i.indrelid = t.oid and a.attname = 'organization_id' and i.indpred is null)
$$, 'Every table in public has a full index that starts with organization_id.');
select is_empty($$
  select name, a.attname from tests.tables t join pg_attribute a on a.attrelid = t.oid and a.attname = 'organization_id'
  where not a.attnotnull and name not in ('roles', 'role_permissions', 'audit_logs',
    'reply_rules') -- rows of the system
$$, 'organization_id is null only in tables with rows of the system.');
select is_empty($$
  select c.oid::regclass from pg_class c
  where c.relnamespace = 'public'::regnamespace and c.relkind in ('v', 'm')
    and not coalesce(c.reloptions @> '{security_invoker=true}', false)
$$, 'Every view in public has the rights of its reader.');
select is_empty($$
  select name from tests.tables t where obj_description(t.oid, 'pg_class') is null
$$, 'Every table in public has a comment.');
select is_empty($$
  select c.conrelid::regclass, c.conname from pg_constraint c
  where c.contype = 'f' and c.conparentid = 0
    and c.connamespace in ('public'::regnamespace, 'private'::regnamespace)
    and not exists (
      select from pg_index i
      where i.indrelid = c.conrelid
        and (i.indpred is null or pg_get_expr(i.indpred, i.indrelid) like '%IS NOT NULL%')
        and (i.indkey::smallint[])[0:cardinality(c.conkey) - 1] @> c.conkey)
$$, 'Every foreign key has an index.');
select is_empty($$
  select c.conrelid::regclass, c.conname from pg_constraint c
  join pg_attribute own on own.attrelid = c.conrelid and own.attname = 'organization_id'
  join pg_attribute other on other.attrelid = c.confrelid and other.attname = 'organization_id'
  where c.contype = 'f' and c.conparentid = 0 and c.connamespace = 'public'::regnamespace
    and not (own.attnum = any (c.conkey) and other.attnum = any (c.confkey))
    -- System roles have no organization; private.enforce_membership_rules checks the reference.
    and c.confrelid <> 'public.roles'::regclass
$$, 'A foreign key between two tables of tenants carries the tenant.');

-- Policies
select is_empty($$select table_name, polname from tests.policies
  where polroles <> array['authenticated'::regrole::oid]$$,
  'Every policy is for authenticated alone.');
select is_empty($$select table_name, polname from tests.policies where polcmd = '*' or not polpermissive$$,
  'Every policy is permissive and for one command.');
select is_empty($$select table_name, polcmd from tests.policies group by 1, 2 having count(*) > 1$$,
  'A table has one policy for a command.');
select is_empty($$
  select table_name, polname from tests.policies where polcmd = 'w' and (polqual is null or polwithcheck is null)
$$, 'A policy for update has using and with check.');
select is_empty($$
  select p.table_name, p.polname, a.attname
  from tests.policies p
  join pg_attribute a on a.attrelid = p.polrelid and a.attnum > 0 and not a.attisdropped
  where p.polcmd <> 'a'
    and concat(pg_get_expr(p.polqual, p.polrelid), ' ', pg_get_expr(p.polwithcheck, p.polrelid)) ~ ('\m' || a.attname
      || '\M')
    and not exists (
      select from pg_index i where i.indrelid = p.polrelid
        and (a.attnum = any (i.indkey) or pg_get_expr(i.indpred, i.indrelid) ~ ('\m' || a.attname || '\M')))
$$, 'Every column that a policy reads is in an index or in an index predicate.');
select is_empty($$
  select table_name, polname from tests.policies
  where concat(pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid)) ~ 'user_metadata|current_setting'
$$, 'No policy trusts what a user can set.');
select is_empty($$
  select table_name, polname from tests.policies,
    regexp_matches(concat(pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid)),
      '(.{0,8})(?:auth\.uid|private\.\w+)\(', 'g') m
  where m[1] !~ 'SELECT $'
$$, 'Every policy calls its functions once for a statement, in a sub-select.');

-- Grants
select is_empty($$
  select table_schema, table_name, privilege_type from information_schema.role_table_grants
  where grantee in ('anon', 'PUBLIC') and table_schema in ('public', 'private', 'partitions')
$$, 'anon has no privilege on any table.');
select is_empty($$
  select table_schema, table_name, column_name from information_schema.column_privileges
  where grantee in ('anon', 'PUBLIC') and table_schema in ('public', 'private', 'partitions')
$$, 'anon has no privilege on any column.');
select is_empty($$
  select table_name, grantee, privilege_type from information_schema.role_table_grants
  where grantee in ('authenticated', 'service_role') and table_schema in ('public', 'private', 'partitions')
    and privilege_type in ('TRUNCATE', 'REFERENCES', 'TRIGGER')
$$, 'No API role may truncate, reference or put triggers.');
select is_empty($$
  select table_schema, table_name from information_schema.role_table_grants
  where grantee = 'authenticated' and table_schema in ('private', 'partitions')
$$, 'authenticated reaches no table outside public.');
select is_empty($$
  select table_name, privilege_type from information_schema.role_table_grants
  where grantee = 'service_role' and table_schema = 'public' and privilege_type <> 'SELECT'
$$, 'service_role reads tables of public and writes through functions only.');
select ok(not has_schema_privilege(role, schema, 'usage'), format('%s has no access to schema %s.', role, schema))
from (values ('anon', 'private'), ('anon', 'partitions'), ('authenticated', 'partitions'), ('service_role',
  'partitions'))
  as wanted (role, schema);
select is_empty($$
  select i.inhrelid::regclass from pg_inherits i join pg_class c on c.oid = i.inhrelid
  where i.inhparent in (select oid from tests.tables) and c.relnamespace <> 'partitions'::regnamespace
$$, 'Every partition lies in schema partitions.');
select is_empty($$
  select table_name, column_name from information_schema.column_privileges
  where grantee in ('authenticated', 'service_role') and table_schema = 'public' and column_name = 'token_hash'
$$, 'Nobody can read the hash of an invitation''s token.');

-- Functions
select is_empty($$
  select signature from tests.functions f
  where has_function_privilege('anon', f.oid, 'execute')
    and signature <> 'ping()' -- for health checks; returns a constant
$$, 'anon may execute no function, and neither may public.');
select is_empty($$select signature from tests.functions where schema = 'public' and prosecdef$$,
  'Functions that run with their owner''s rights lie in private.');
select is_empty($$
  select signature from tests.functions where prokind = 'f' and not coalesce(proconfig::text ~ 'search_path=(\\"){2}',
    false)
$$, 'Every function has an empty search_path; a procedure that commits cannot set it.');
select is_empty($$
  select signature from tests.functions where proconfig::text ~ 'enable_[a-z]+=off' and proconfig::text !~ 'jit=off'
$$, 'Every function that disables a kind of plan disables JIT, which its costs would start.');
select is_empty($$
  select f.signature, m[1] from tests.functions f,
    regexp_matches(regexp_replace(f.prosrc, '--[^\n]*', '', 'g'),
      '(\mdelete\s+from\s+[\w.]+(?:\s+\w+)?\s*(?:;|\)|\mreturning\M)'
      '|\mupdate\s+(?!set\M)[\w.]+(?:\s+\w+)?\s+set\s+(?:(?!\mwhere\M)[^;])*;)', 'gi') m
$$, 'No UPDATE or DELETE is without WHERE, which the Data API''s role refuses on hosted projects.');
select is_empty($$select signature from tests.functions where proowner <> 'postgres'::regrole$$,
  'postgres owns every function.');
select set_eq($$select signature from tests.functions where schema = 'public'
  and has_function_privilege('authenticated', oid, 'execute')$$,
  array[
    'accept_invitation(text)',
    'create_privacy_request(uuid,jsonb)',
    'download_privacy_export(uuid,uuid,text,bigint)',
    'get_privacy_request(uuid,uuid)',
    'list_privacy_requests(uuid,integer,integer)',
    'health_series(uuid,text,text)',
    'organization_health(uuid)',
    'record_refusal(uuid,text)',
    'verify_audit_logs(uuid,bigint,bigint,text)',
    'end_impersonation(uuid)',
    'impersonate(uuid,uuid,text)',
    'begin_integration_check(uuid,text)',
    'connect_integration(uuid,text,jsonb,jsonb)',
    'disconnect_integration(uuid,text)',
    'list_integrations(uuid)',
    'create_webhook(uuid,jsonb)',
    'delete_webhook(uuid,uuid)',
    'list_webhook_deliveries(uuid,uuid,jsonb,integer,integer)',
    'list_webhook_events(uuid)',
    'list_webhooks(uuid,integer,integer)',
    'redeliver_webhook(uuid,uuid)',
    'replay_webhook(uuid,uuid,timestamp with time zone)',
    'rotate_webhook_secret(uuid,uuid,integer)',
    'test_webhook(uuid,uuid)',
    'update_webhook(uuid,uuid,jsonb)',
    'revoke_api_key(uuid,uuid)',
    'rotate_api_key(uuid,uuid,integer)',
    'update_api_key(uuid,uuid,jsonb)',
    'create_api_key(uuid,jsonb)',
    'list_api_keys(uuid,jsonb,integer,integer)',
    'delete_role(uuid,uuid,text)',
    'save_role(uuid,jsonb,uuid)',
    'list_roles(uuid)',
    'list_permissions(uuid)',
    'update_settings(uuid,jsonb)',
    'save_team(uuid,text,uuid)',
    'list_teams(uuid,jsonb,integer,integer)',
    'get_settings(uuid)',
    'delete_team(uuid,uuid,text)',
    'bulk_change_users(uuid,uuid[],text,text)',
    'actor(uuid)',
    'add_consent(uuid,jsonb)',
    'add_dnc_pieces(uuid,uuid,text[])',
    'add_lead_upload_pieces(uuid,uuid,jsonb,text)',
    'assign_conversation(uuid,uuid,uuid)',
    'assign_lead(uuid,uuid,uuid,text,timestamp with time zone)',
    'batch_detail(uuid,uuid)',
    'begin_dnc_list(uuid,jsonb)',
    'begin_lead_upload(uuid,text,text)',
    'bulk_assign(uuid,uuid[],jsonb,text,timestamp with time zone)',
    'campaign_analytics(uuid,uuid)',
    'campaign_progress(uuid,uuid)',
    'cancel_campaign(uuid,uuid)',
    'confirm_phone(text)',
    'remove_phone()',
    'request_phone_code(uuid,text)',
    'cancel_lead_import(uuid,uuid,text)',
    'check_numbers(uuid,text[])',
    'create_action(uuid,uuid,text,text)',
    'create_actions(uuid,jsonb)',
    'create_campaign(uuid,jsonb)',
    'create_customer(uuid,jsonb)',
    'create_interaction(uuid,uuid,jsonb)',
    'create_lead(uuid,jsonb,boolean)',
    'create_phone_number(uuid,jsonb)',
    'create_reply_rule(uuid,jsonb)',
    'create_student(uuid,uuid,jsonb)',
    'create_suppression(uuid,jsonb)',
    'create_task(uuid,jsonb)',
    'create_template(uuid,jsonb)',
    'create_upload(uuid,text,jsonb,jsonb)',
    'customers_dashboard(uuid)',
    'decide_reply_review(uuid,uuid,text)',
    'delete_campaign(uuid,uuid)',
    'delete_dnc_list(uuid,uuid)',
    'delete_lead(uuid,uuid)',
    'delete_lead_upload(uuid,uuid,text)',
    'delete_phone_number(uuid,uuid)',
    'delete_reply_rule(uuid,uuid)',
    'delete_student(uuid,uuid,uuid)',
    'delete_task(uuid,uuid)',
    'delete_template(uuid,uuid)',
    'delete_upload(uuid,uuid)',
    'discard_dnc_list(uuid,uuid)',
    'discard_lead_upload(uuid,uuid,text)',
    'execute_lead_import(uuid,uuid,jsonb,text)',
    'export_audit_logs(uuid,jsonb)',
    'export_customers(uuid,jsonb,uuid,integer,integer)',
    'export_leads(uuid,jsonb,uuid,integer,integer)',
    'create_organization(text,jsonb)',
    'get_audit_log(uuid,uuid)',
    'get_campaign(uuid,uuid)',
    'get_conversation(uuid,uuid,integer,uuid)',
    'get_lead(uuid,uuid)',
    'get_lead_import(uuid,uuid,text)',
    'get_task(uuid,uuid)',
    'get_template(uuid,uuid)',
    'get_user(uuid,uuid)',
    'import_suppressions(uuid,text[],text,text,jsonb)',
    'invite_user(uuid,jsonb)',
    'lead_calendar(uuid)',
    'lead_dashboard(uuid)',
    'lead_fields(uuid)',
    'lead_timeline(uuid,uuid,integer,uuid,text)',
    'leads_per_assignee(uuid)',
    'lift_suppression(uuid,uuid,text)',
    'lift_undeliverable(uuid,text,text)',
    'list_actions(uuid,jsonb,integer,integer,text)',
    'list_audit_logs(uuid,jsonb,integer,integer)',
    'list_batches(uuid,integer,integer)',
    'list_campaigns(uuid,jsonb,integer,integer)',
    'list_consents(uuid,text,integer,integer)',
    'list_conversations(uuid,jsonb,integer,integer)',
    'list_customers(uuid,jsonb,text,integer,integer,text)',
    'list_dnc_lists(uuid,integer,integer)',
    'list_emails(uuid,jsonb,integer,integer)',
    'list_holders(uuid,integer,integer)',
    'list_interactions(uuid,uuid,integer,integer,text)',
    'list_invitations(uuid,integer,integer)',
    'list_lead_import_errors(uuid,uuid,integer,integer,text)',
    'list_lead_imports(uuid,integer,integer,text)',
    'list_lead_uploads(uuid,integer,integer,text)',
    'list_leads(uuid,jsonb,text,integer,integer,text)',
    'list_messages(uuid,jsonb,integer,integer)',
    'list_notifications(uuid,jsonb,integer,integer)',
    'list_phone_numbers(uuid,jsonb,integer,integer)',
    'list_reply_reviews(uuid,text,integer,integer)',
    'list_stages(uuid)',
    'list_students(uuid,uuid,integer,integer)',
    'list_suppressions(uuid,jsonb,integer,integer)',
    'list_targets(uuid,uuid,jsonb,integer,integer,integer)',
    'list_tasks(uuid,jsonb,text,integer,integer,text)',
    'list_templates(uuid,jsonb,integer,integer)',
    'list_undeliverable(uuid,jsonb,integer,integer)',
    'list_uploads(uuid,integer,integer)',
    'list_users(uuid,jsonb,integer,integer)',
    'me(uuid)',
    'merge_leads(uuid,uuid,uuid)',
    'message_status(uuid,uuid)',
    'move_lead(uuid,uuid,text,text,integer)',
    'notification_preferences(uuid,jsonb)',
    'pause_campaign(uuid,uuid)',
    'ping()',
    'pipeline_summary(uuid)',
    'preview_campaign(uuid,uuid)',
    'preview_lead_upload(uuid,uuid,jsonb,jsonb,jsonb,text)',
    'process_batch(uuid,uuid,jsonb,jsonb,text,boolean,text)',
    'read_conversation(uuid,uuid,uuid)',
    'read_lead_settings(uuid)',
    'read_lead_upload(uuid,uuid,boolean,text)',
    'read_notification(uuid,uuid)',
    'read_notifications(uuid,timestamp with time zone)',
    'remove_user(uuid,uuid,text)',
    'render_template(uuid,uuid,uuid,jsonb)',
    'replace_stages(uuid,jsonb,jsonb)',
    'reply_to_conversation(uuid,uuid,text)',
    'resend_assignment(uuid,uuid)',
    'resend_email(uuid,uuid,boolean)',
    'restore_lead(uuid,uuid,boolean)',
    'resume_campaign(uuid,uuid)',
    'complete_dnc_upload(uuid,uuid)',
    'send_bulk(uuid,text,jsonb,jsonb,integer,text)',
    'send_message(uuid,uuid,text,text,text,text,uuid)',
    'set_calendar(uuid,jsonb)',
    'set_conversation_status(uuid,uuid,text)',
    'set_lead_fields(uuid,jsonb)',
    'set_sms_credentials(uuid,jsonb)',
    'resolve_message_manually(uuid,uuid,text,text)',
    'sla_performance(uuid)',
    'sms_dashboard(uuid,date,date,uuid)',
    'start_campaign(uuid,uuid)',
    'start_conversation(uuid,text,text,text)',
    'take_rate_limit(text,integer)',
    'try_reply(uuid,text)',
    'update_campaign(uuid,uuid,jsonb,integer)',
    'update_holder(uuid,uuid,jsonb)',
    'update_lead(uuid,uuid,jsonb,integer,boolean)',
    'update_lead_settings(uuid,jsonb)',
    'update_phone_number(uuid,uuid,jsonb)',
    'update_student(uuid,uuid,uuid,jsonb)',
    'update_task(uuid,uuid,jsonb,integer)',
    'update_template(uuid,uuid,jsonb)',
    'update_user(uuid,uuid,jsonb)',
    'lead_kpis(uuid,date,date,text,text,uuid)',
    'lead_volume(uuid,date,date,text)',
    'lead_funnel(uuid,date,date,text)',
    'conversion_by_source(uuid,date,date)',
    'counselor_performance(uuid,date,date)',
    'lead_alerts(uuid)',
    'schedule_report(uuid,uuid,jsonb)',
    'update_report_schedule(uuid,uuid,jsonb)',
    'delete_report_schedule(uuid,uuid)',
    'list_report_schedules(uuid,integer,integer)',
    'run_report_schedule_now(uuid,uuid)',
    'hand_over_report_schedule(uuid,uuid,uuid)',
    'report_chart(uuid,uuid)',
    'report_run_chart(uuid,uuid)',
    'build_report(uuid,jsonb)',
    'copy_report(uuid,uuid,text)',
    'create_report_link(uuid,uuid,text,integer)',
    'delete_report(uuid,uuid,integer)',
    'download_report_run(uuid,uuid,text[])',
    'export_report(uuid,uuid,text,text)',
    'get_report(uuid,uuid)',
    'get_report_run(uuid,uuid)',
    'list_report_links(uuid,uuid,integer,integer)',
    'list_report_runs(uuid,jsonb,integer,integer)',
    'list_reports(uuid,jsonb,integer,integer)',
    'preview_report(uuid,jsonb)',
    'preview_saved_report(uuid,uuid)',
    'report_fields(uuid)',
    'report_run_rows(uuid,uuid,integer,integer)',
    'report_settings(uuid)',
    'report_templates(uuid)',
    'restore_report(uuid,uuid)',
    'revoke_report_link(uuid,uuid)',
    'update_report(uuid,uuid,jsonb,integer)',
    'update_report_settings(uuid,jsonb)',
    'churn_by_segment(uuid,jsonb)',
    'churn_model(uuid)',
    'incident_predictions(uuid,uuid)',
    'create_recommendation(uuid,uuid,jsonb)',
    'decide_recommendation(uuid,uuid,uuid,jsonb)',
    'list_recommendations(uuid,uuid,integer,integer)',
    'list_plays(uuid)',
    'update_play(uuid,uuid,jsonb)',
    'retention_actions(uuid,jsonb)',
    'churn_factors(uuid,jsonb)',
    'client_factors(uuid,uuid)',
    'create_client_factor(uuid,uuid,jsonb)',
    'request_churn_training(uuid,boolean)',
    'churn_cohorts(uuid,jsonb)',
    'churn_settings(uuid,jsonb)',
    'churn_survival(uuid,jsonb)',
    'churn_trends(uuid,jsonb)',
    'client_detail(uuid,uuid)',
    'client_links(uuid,uuid,jsonb)',
    'client_segments(uuid,jsonb,jsonb)',
    'create_client(uuid,jsonb)',
    'create_client_interaction(uuid,uuid,jsonb)',
    'create_client_issue(uuid,uuid,jsonb)',
    'delete_client(uuid,uuid)',
    'delete_client_contact(uuid,uuid,uuid)',
    'export_clients(uuid,jsonb,uuid,integer,integer)',
    'get_client(uuid,uuid)',
    'get_note(uuid,uuid)',
    'incident_types(uuid,jsonb)',
    'list_client_contacts(uuid,uuid)',
    'list_client_interactions(uuid,uuid,integer,integer,text)',
    'list_client_issues(uuid,uuid,integer,integer,jsonb)',
    'list_client_movements(uuid,uuid,integer,integer)',
    'list_clients(uuid,jsonb,text,integer,integer)',
    'list_notes(uuid,text,integer,integer,jsonb)',
    'merge_clients(uuid,uuid,uuid,text)',
    'read_all_notes(uuid,uuid)',
    'read_note(uuid,uuid)',
    'record_client_movement(uuid,uuid,text,jsonb)',
    'restore_client(uuid,uuid)',
    'reverse_client_movement(uuid,uuid,uuid)',
    'save_client_contact(uuid,uuid,jsonb,uuid)',
    'send_note(uuid,jsonb)',
    'unread_notes(uuid)',
    'update_client(uuid,uuid,jsonb,integer)',
    'update_client_issue(uuid,uuid,uuid,jsonb)',
    'withdraw_note(uuid,uuid)'
  ], 'These functions may be called by authenticated users.');
select set_eq($$select signature from tests.functions where schema = 'public'
  and has_function_privilege('service_role', oid, 'execute')$$,
  array[
    'approve_organization(uuid,text,text)',
    'approve_sender(uuid,text)',
    'assign_sender(uuid,text,text,text)',
    'begin_attempt(text,text,text)',
    'record_api_key_use(uuid,text)',
    'exchange_api_key(text,text)',
    'exchange_webhook_batch(jsonb,integer,integer)',
    'integration_credentials(uuid,text)',
    'record_integration_result(uuid,text,text)',
    'end_sign_in(text,text,text)',
    'change_deployment(jsonb,text)',
    'check_registration(text,text)',
    'claim_unknown_outcomes(integer,integer)',
    'claim_dnc_list()',
    'claim_lead_import(uuid)',
    'claim_price_lists(integer)',
    'claim_for_reconciliation(integer,integer)',
    'exchange_dispatch_batch(jsonb,integer,jsonb)',
    'exchange_email_batch(jsonb,integer,text,integer,integer)',
    'fail_lead_import(uuid,uuid,text)',
    'cancel_targets_batch(integer)',
    'snapshot_audience_batch(uuid,integer)',
    'import_dnc_slice(uuid)',
    'import_lead_slice(uuid,uuid,integer,jsonb,jsonb,boolean)',
    'invoke_job(text,jsonb)',
    'limit_organization(uuid,jsonb,text,text)',
    'list_organizations(jsonb,integer,integer)',
    'list_senders(jsonb,integer,integer)',
    'ping()',
    'refuse_sender(uuid,text,text)',
    'suspend_organization(uuid,text,text)',
    'record_inbound(text,text,text,text,text,jsonb,text,jsonb,uuid[])',
    'record_receipt(text,text,text,uuid,text,text,boolean,jsonb,uuid[])',
    'record_lookups(jsonb)',
    'recover_dispatch(jsonb,jsonb)',
    'record_price_page(uuid,date,jsonb,text)',
    'take_rate_limit_of(text,text,integer)',
    'webhook_credentials(text,text)',
    'claim_report_run(uuid)',
    'expired_report_files(integer)',
    'fail_report_run(uuid,uuid,text,text)',
    'finish_report_run(uuid,uuid,bigint,text,integer)',
    'finish_spreadsheet_run(uuid,uuid,integer)',
    'freeze_report_run(uuid,uuid)',
    'open_report_link(text)',
    'pause_report_run(uuid,uuid,integer,text)',
    'read_report_pieces(uuid,uuid,integer)',
    'record_deleted_files(uuid[])',
    'write_report_slice(uuid,uuid,integer,jsonb,integer,boolean)'
  ], 'These are the functions that jobs and webhooks may call.');
select set_eq($$
  select signature from tests.functions where schema = 'private' and prosecdef
    and has_function_privilege('authenticated', oid, 'execute')
$$, array[
    'private.accept_invitation(text)',
    'private.health_series(uuid,text,text)',
    'private.organization_health(uuid)',
    'private.record_refusal(uuid,text)',
    'private.verify_audit_logs(uuid,bigint,bigint,text)',
    'private.is_closed(text,jsonb)',
    'private.delegated_organization(jsonb)',
    'private.end_impersonation(uuid)',
    'private.impersonate(uuid,uuid,text)',
    'private.begin_integration_check(uuid,text)',
    'private.connect_integration(uuid,text,jsonb,jsonb)',
    'private.disconnect_integration(uuid,text)',
    'private.list_integrations(uuid)',
    'private.create_webhook(uuid,jsonb)',
    'private.delete_webhook(uuid,uuid)',
    'private.list_webhook_deliveries(uuid,uuid,jsonb,integer,integer)',
    'private.list_webhook_events(uuid)',
    'private.list_webhooks(uuid,integer,integer)',
    'private.redeliver_webhook(uuid,uuid)',
    'private.replay_webhook(uuid,uuid,timestamp with time zone)',
    'private.rotate_webhook_secret(uuid,uuid,integer)',
    'private.test_webhook(uuid,uuid)',
    'private.update_webhook(uuid,uuid,jsonb)',
    'private.revoke_api_key(uuid,uuid)',
    'private.rotate_api_key(uuid,uuid,integer)',
    'private.update_api_key(uuid,uuid,jsonb)',
    'private.create_api_key(uuid,jsonb)',
    'private.list_api_keys(uuid,jsonb,integer,integer)',
    'private.delete_role(uuid,uuid,text)',
    'private.save_role(uuid,jsonb,uuid)',
    'private.list_roles(uuid)',
    'private.list_permissions(uuid)',
    'private.update_settings(uuid,jsonb)',
    'private.save_team(uuid,text,uuid)',
    'private.list_teams(uuid,jsonb,integer,integer)',
    'private.get_settings(uuid)',
    'private.delete_team(uuid,uuid,text)',
    'private.bulk_change_users(uuid,uuid[],text,text)',
    'private.actor(uuid)',
    'private.add_consent(uuid,jsonb)',
    'private.add_dnc_pieces(uuid,uuid,text[])',
    'private.add_lead_upload_pieces(uuid,uuid,jsonb,text)',
    'private.assign_conversation(uuid,uuid,uuid)',
    'private.assign_lead(uuid,uuid,uuid,text,timestamp with time zone)',
    'private.begin_dnc_list(uuid,jsonb)',
    'private.begin_lead_upload(uuid,text,text)',
    'private.bulk_assign(uuid,uuid[],jsonb,text,timestamp with time zone)',
    'private.campaign_analytics(uuid,uuid)',
    'private.campaign_progress(uuid,uuid)',
    'private.cancel_campaign(uuid,uuid)',
    'private.cancel_lead_import(uuid,uuid,text)',
    'private.check_numbers(uuid,text[])',
    'private.create_actions(uuid,jsonb)',
    'private.create_campaign(uuid,jsonb)',
    'private.create_interaction(uuid,uuid,jsonb)',
    'private.create_lead(uuid,jsonb,boolean)',
    'private.create_phone_number(uuid,jsonb)',
    'private.create_reply_rule(uuid,jsonb)',
    'private.create_student(uuid,uuid,jsonb)',
    'private.create_suppression(uuid,jsonb)',
    'private.create_task(uuid,jsonb)',
    'private.create_template(uuid,jsonb)',
    'private.create_upload(uuid,text,jsonb,jsonb)',
    'private.customers_dashboard(uuid)',
    'private.decide_reply_review(uuid,uuid,text)',
    'private.delete_campaign(uuid,uuid)',
    'private.delete_dnc_list(uuid,uuid)',
    'private.delete_lead(uuid,uuid)',
    'private.delete_lead_upload(uuid,uuid,text)',
    'private.delete_phone_number(uuid,uuid)',
    'private.delete_reply_rule(uuid,uuid)',
    'private.delete_student(uuid,uuid,uuid)',
    'private.delete_task(uuid,uuid)',
    'private.delete_template(uuid,uuid)',
    'private.delete_upload(uuid,uuid)',
    'private.discard_dnc_list(uuid,uuid)',
    'private.discard_lead_upload(uuid,uuid,text)',
    'private.execute_lead_import(uuid,uuid,jsonb,text)',
    'private.export_audit_logs(uuid,jsonb)',
    'private.export_customers(uuid,jsonb,uuid,integer,integer)',
    'private.export_leads(uuid,jsonb,uuid,integer,integer)',
    'private.create_own_organization(text,jsonb)',
    'private.get_audit_log(uuid,uuid)',
    'private.get_campaign(uuid,uuid)',
    'private.get_conversation(uuid,uuid,uuid,integer)',
    'private.get_lead(uuid,uuid)',
    'private.get_lead_import(uuid,uuid,text)',
    'private.get_task(uuid,uuid)',
    'private.get_template(uuid,uuid)',
    'private.get_user(uuid,uuid)',
    'private.import_suppressions(uuid,text[],text,text,jsonb)',
    'private.invite_user(uuid,jsonb)',
    'private.save_notification_preferences(uuid,jsonb)',
    'private.lead_calendar(uuid)',
    'private.lead_dashboard(uuid)',
    'private.lead_fields(uuid)',
    'private.lead_settings(uuid)',
    'private.lead_timeline(uuid,uuid,text,uuid,integer)',
    'private.leads_per_assignee(uuid)',
    'private.lift_suppression(uuid,uuid,text)',
    'private.lift_undeliverable(uuid,text,text)',
    'private.list_audit_logs(uuid,jsonb,integer,integer)',
    'private.list_campaigns(uuid,jsonb,integer,integer)',
    'private.list_consents(uuid,text,integer,integer)',
    'private.list_conversations(uuid,jsonb,integer,integer)',
    'private.list_dnc_lists(uuid,integer,integer)',
    'private.list_emails(uuid,jsonb,integer,integer)',
    'private.list_holders(uuid,integer,integer)',
    'private.list_interactions(uuid,uuid,text,integer,integer)',
    'private.list_invitations(uuid,integer,integer)',
    'private.list_lead_import_errors(uuid,uuid,integer,integer,text)',
    'private.list_lead_imports(uuid,integer,integer,text)',
    'private.list_lead_uploads(uuid,integer,integer,text)',
    'private.list_actions(uuid,jsonb,integer,integer,text)',
    'private.list_customers(uuid,jsonb,text,integer,integer,text)',
    'private.list_leads(uuid,jsonb,text,integer,integer,text)',
    'private.list_notifications(uuid,jsonb,integer,integer)',
    'private.list_phone_numbers(uuid,jsonb,integer,integer)',
    'private.list_reply_reviews(uuid,text,integer,integer)',
    'private.list_stages(uuid)',
    'private.list_students(uuid,uuid,integer,integer)',
    'private.list_suppressions(uuid,jsonb,integer,integer)',
    'private.list_targets(uuid,uuid,jsonb,integer,integer,integer)',
    'private.list_tasks(uuid,jsonb,text,integer,integer,text)',
    'private.list_templates(uuid,jsonb,integer,integer)',
    'private.list_undeliverable(uuid,jsonb,integer,integer)',
    'private.list_users(uuid,jsonb,integer,integer)',
    'private.may_listen(text)',
    'private.me(uuid)',
    'private.merge_leads(uuid,uuid,uuid)',
    'private.message_wait(messages)',
    'private.move_lead(uuid,uuid,text,text,integer)',
    'private.my_colleagues()',
    'private.my_organizations()',
    'private.organizations_in_scope(text)',
    'private.organizations_with(text,text)',
    'private.pause_campaign(uuid,uuid)',
    'private.pipeline_summary(uuid)',
    'private.preview_campaign(uuid,uuid)',
    'private.preview_lead_upload(uuid,uuid,jsonb,jsonb,jsonb,text)',
    'private.process_batch(uuid,uuid,jsonb,jsonb,text,boolean,text)',
    'private.read_conversation(uuid,uuid,uuid)',
    'private.read_lead_upload(uuid,uuid,boolean,text)',
    'private.read_notification(uuid,uuid)',
    'private.read_notifications(uuid,timestamp with time zone)',
    'private.store_idempotent_response(uuid,jsonb)',
    'private.confirm_phone(text)',
    'private.remove_phone()',
    'private.request_phone_code(uuid,text)',
    'private.remove_user(uuid,uuid,text)',
    'private.render_template(uuid,uuid,uuid,jsonb)',
    'private.replace_stages(uuid,jsonb,jsonb)',
    'private.idempotent_response(uuid)',
    'private.reply_to_conversation(uuid,uuid,text)',
    'private.require_permission(uuid,text)',
    'private.require_scope(uuid,text)',
    'private.require_session()',
    'private.resend_assignment(uuid,uuid)',
    'private.resend_email(uuid,uuid,boolean)',
    'private.restore_lead(uuid,uuid,boolean)',
    'private.resume_campaign(uuid,uuid)',
    'private.complete_dnc_upload(uuid,uuid)',
    'private.search_customers(uuid,text)',
    'private.send_bulk(uuid,jsonb,jsonb,text,integer,text)',
    'private.send_message(uuid,uuid,text,text,text,text,uuid)',
    'private.set_calendar(uuid,jsonb)',
    'private.set_conversation_status(uuid,uuid,text)',
    'private.set_lead_fields(uuid,jsonb)',
    'private.set_sms_credentials(uuid,jsonb)',
    'private.resolve_message_manually(uuid,uuid,text,text)',
    'private.sla_performance(uuid)',
    'private.sms_dashboard(uuid,date,date,uuid)',
    'private.start_campaign(uuid,uuid)',
    'private.start_conversation(uuid,text,text,text)',
    'private.take_own_tokens(text,integer)',
    'private.team_mates(text)',
    'private.teams_with(text)',
    'private.try_reply(uuid,text)',
    'private.update_campaign(uuid,uuid,jsonb,integer)',
    'private.update_holder(uuid,uuid,jsonb)',
    'private.update_lead(uuid,uuid,jsonb,integer,boolean)',
    'private.update_lead_settings(uuid,jsonb)',
    'private.update_phone_number(uuid,uuid,jsonb)',
    'private.update_student(uuid,uuid,uuid,jsonb)',
    'private.update_task(uuid,uuid,jsonb,integer)',
    'private.update_template(uuid,uuid,jsonb)',
    'private.update_user(uuid,uuid,jsonb)',
    'private.lead_kpis(uuid,date,date,text,text,uuid)',
    'private.lead_volume(uuid,date,date,text)',
    'private.lead_funnel(uuid,date,date,text)',
    'private.conversion_by_source(uuid,date,date)',
    'private.counselor_performance(uuid,date,date)',
    'private.lead_alerts(uuid)',
    'private.schedule_report(uuid,uuid,jsonb)',
    'private.update_report_schedule(uuid,uuid,jsonb)',
    'private.delete_report_schedule(uuid,uuid)',
    'private.list_report_schedules(uuid,integer,integer)',
    'private.run_report_schedule_now(uuid,uuid)',
    'private.hand_over_report_schedule(uuid,uuid,uuid)',
    'private.report_chart(uuid,uuid)',
    'private.report_run_chart(uuid,uuid)',
    'private.build_report(uuid,jsonb)',
    'private.copy_report(uuid,uuid,text)',
    'private.create_report_link(uuid,uuid,text,integer)',
    'private.delete_report(uuid,uuid,integer)',
    'private.download_report_run(uuid,uuid,text[])',
    'private.export_report(uuid,uuid,text,text)',
    'private.get_report(uuid,uuid)',
    'private.get_report_run(uuid,uuid)',
    'private.list_report_links(uuid,uuid,integer,integer)',
    'private.list_report_runs(uuid,jsonb,integer,integer)',
    'private.list_reports(uuid,jsonb,integer,integer)',
    'private.preview_report(uuid,jsonb)',
    'private.preview_saved_report(uuid,uuid)',
    'private.report_fields(uuid)',
    'private.report_run_rows(uuid,uuid,integer,integer)',
    'private.report_settings(uuid)',
    'private.report_templates(uuid)',
    'private.restore_report(uuid,uuid)',
    'private.revoke_report_link(uuid,uuid)',
    'private.update_report(uuid,uuid,jsonb,integer)',
    'private.update_report_settings(uuid,jsonb)',
    'private.my_teams()',
    'private.churn_by_segment(uuid,jsonb)',
    'private.churn_model(uuid)',
    'private.incident_predictions(uuid,uuid)',
    'private.create_recommendation(uuid,uuid,jsonb)',
    'private.decide_recommendation(uuid,uuid,uuid,jsonb)',
    'private.list_recommendations(uuid,uuid,integer,integer)',
    'private.list_plays(uuid)',
    'private.update_play(uuid,uuid,jsonb)',
    'private.retention_actions(uuid,jsonb)',
    'private.churn_factors(uuid,jsonb)',
    'private.client_factors(uuid,uuid)',
    'private.create_client_factor(uuid,uuid,jsonb)',
    'private.request_churn_training(uuid,boolean)',
    'private.churn_cohorts(uuid,jsonb)',
    'private.churn_settings(uuid,jsonb)',
    'private.churn_survival(uuid,jsonb)',
    'private.churn_trends(uuid,jsonb)',
    'private.client_detail(uuid,uuid)',
    'private.client_links(uuid,uuid,jsonb)',
    'private.client_segments(uuid,jsonb,jsonb)',
    'private.create_client(uuid,jsonb)',
    'private.create_client_interaction(uuid,uuid,jsonb)',
    'private.create_client_issue(uuid,uuid,jsonb)',
    'private.delete_client(uuid,uuid)',
    'private.delete_client_contact(uuid,uuid,uuid)',
    'private.export_clients(uuid,jsonb,uuid,integer,integer)',
    'private.get_client(uuid,uuid)',
    'private.get_note(uuid,uuid)',
    'private.incident_types(uuid,jsonb)',
    'private.list_client_contacts(uuid,uuid)',
    'private.list_client_interactions(uuid,uuid,text,integer,integer)',
    'private.list_client_issues(uuid,uuid,jsonb,integer,integer)',
    'private.list_client_movements(uuid,uuid,integer,integer)',
    'private.list_clients(uuid,jsonb,text,integer,integer)',
    'private.list_notes(uuid,text,jsonb,integer,integer)',
    'private.merge_clients(uuid,uuid,uuid,text)',
    'private.my_note_inboxes()',
    'private.read_all_notes(uuid,uuid)',
    'private.read_note(uuid,uuid)',
    'private.record_client_movement(uuid,uuid,text,jsonb)',
    'private.restore_client(uuid,uuid)',
    'private.reverse_client_movement(uuid,uuid,uuid)',
    'private.save_client_contact(uuid,uuid,uuid,jsonb)',
    'private.send_note(uuid,jsonb)',
    'private.unread_notes_count(uuid)',
    'private.update_client(uuid,uuid,jsonb,integer)',
    'private.update_client_issue(uuid,uuid,uuid,jsonb)',
    'private.withdraw_note(uuid,uuid)',
    'private.create_privacy_request(uuid,jsonb)',
    'private.download_privacy_export(uuid,uuid,text,bigint)',
    'private.get_privacy_request(uuid,uuid)',
    'private.list_privacy_requests(uuid,integer,integer)'
  ], 'These functions run with their owner''s rights for authenticated users; each checks its caller itself.');

-- Jobs
select set_eq('select name from private.jobs', array[
  'apply-client-rules',
  'broadcast-campaign-progress',
  'cancel-outdated-messages',
  'compact-counters',
  'cool-down-numbers',
  'dispatch-messages',
  'enter-planned-movements',
  'evaluate-campaign-alerts',
  'import-dnc',
  'import-leads',
  'link-clients',
  'maintain',
  'minute-tasks',
  'nightly-tasks',
  'notify-of-notes',
  'predict-incidents',
  'purge-cron-run-details',
  'purge-notifications',
  'purge-privacy-exports',
  'purge-reports',
  'recommend-plays',
  'recompute-sla-clocks',
  'reconcile-messages',
  'resolve-unknown-outcomes',
  'roll-up-counters',
  'run-campaign-scheduler',
  'run-privacy-requests',
  'run-report-schedules',
  'run-reports',
  'score-clients',
  'seal-audit-logs',
  'send-churn-digests',
  'send-emails',
  'sla',
  'snapshot-client-features',
  'snapshot-health',
  'switch-progress-job',
  'deliver-webhooks',
  'purge-webhooks',
  'task-reminders',
  'thin-client-features',
  'thin-health-snapshots',
  'train-churn-models',
  'warn-of-expiring-keys',
  'watch-churn-scores'
], 'These are all the jobs.');
select set_eq($$select jobname::text, command, username from cron.job
  where active or jobname = 'broadcast-campaign-progress'$$,
  $$select name, command, 'postgres' from private.jobs where schedule is not null$$,
    'Those with a schedule are cron jobs.');
select is_empty($$
  select schedule from cron.job where schedule like '* %'
    and jobname <> 'broadcast-campaign-progress' group by 1 having count(*) > 6
$$, 'Few cron jobs start at the same moment, because each costs a connection.');

select * from finish();
rollback;
