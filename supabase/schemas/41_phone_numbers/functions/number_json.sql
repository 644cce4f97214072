create function private.number_json(account public.sms_accounts, figures jsonb)
returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object('id', account.id, 'provider', account.provider, 'number', account.sender_id,
    'number_type', account.number_type, 'label', account.label, 'per_second', account.per_second, 'daily_cap',
    account.daily_cap, 'cap_zone', account.cap_zone, 'segment_price', account.segment_price, 'is_default',
    account.is_default, 'status', account.status, 'status_reason', account.circuit_open_reason, 'has_credentials',
    account.credentials_secret_id is not null, 'cooldown_until', case when account.cooldown_until > now()
    then account.cooldown_until end, 'cooldown_reason', case when account.cooldown_until > now()
    then account.cooldown_reason end, 'created_at', account.created_at, 'updated_at', account.updated_at,
    'health', (
      select jsonb_build_object('messages', f.messages, 'delivered', f.delivered, 'failed', f.failed, 'filtered',
        f.filtered, 'delivered_rate', round(f.delivered::numeric / nullif(f.delivered + f.failed, 0), 4),
        'failed_rate', round(f.failed::numeric / nullif(f.delivered + f.failed, 0), 4),
        'filtered_rate', round(f.filtered::numeric / nullif(f.delivered + f.failed, 0), 4))
      from jsonb_to_record(coalesce(figures, '{"messages": 0, "delivered": 0, "failed": 0, "filtered": 0}'))
        as f (messages bigint, delivered bigint, failed bigint, filtered bigint)))
$$;
