-- Nightly: removes tokens of invitations that are accepted or expired, and applies the retention of messages.
create function private.purge_notifications()
returns void
language plpgsql set search_path = ''
as $$
begin
  delete from private.email_secrets s using public.invitations i
  where i.id = s.invitation_id and (i.accepted_at is not null or i.expires_at <= now());
  delete from public.emails e using public.organizations o
  where o.id = e.organization_id and e.status in ('sent', 'failed', 'canceled')
    and e.created_at < now() - make_interval(months => o.message_retention_months);
  delete from public.notifications n using public.organizations o
  where o.id = n.organization_id
    and n.id < private.uuid_v7_floor(now() - make_interval(months => o.message_retention_months));
end
$$;
