create function private.masked_number(account public.sms_accounts)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.number_json(account, (
    select to_jsonb(f) from private.number_figures(account.organization_id, now() - private.number_health_period()) f
    where f.account_id = account.id))
$$;
