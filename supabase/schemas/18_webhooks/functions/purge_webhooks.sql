-- Nightly: events with their deliveries are kept for 30 days; secrets whose grace is over go.
create function private.purge_webhooks()
returns void
language plpgsql set search_path = ''
as $$
begin
  delete from private.webhook_events v where v.created_at < now() - interval '30 days';
  delete from private.webhook_secrets s where s.ends_at <= now();
  perform private.refresh_webhook_subscriptions(o.organization_id)
  from (
    select distinct e.organization_id from public.webhook_endpoints e where e.disabled_at < now() - interval '30 days'
  ) o;
end
$$;
