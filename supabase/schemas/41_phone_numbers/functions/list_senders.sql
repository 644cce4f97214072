-- A sender as operators of the platform see it. same_name: other organizations whose approved name reads alike.
create function private.operated_sender_json(account public.sms_accounts)
returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object('id', account.id, 'organization_id', account.organization_id, 'organization', o.name,
    'standing', o.standing, 'provider', account.provider, 'sender', account.sender_id, 'status', account.status,
    'own_account', account.credentials_secret_id is not null, 'approved_at', account.approved_at,
    'approved_by', account.approved_by, 'created_at', account.created_at,
    'protected', case when account.provider = 'arkesel' then private.protected_name_reason(account.sender_id) end,
    'same_name', (
      select coalesce(jsonb_agg(distinct other.name), '[]')
      from public.sms_accounts a join public.organizations other on other.id = a.organization_id
      where a.provider = account.provider and a.organization_id <> account.organization_id
        and a.approved_by is not null and case account.provider
          when 'arkesel' then private.name_skeleton(a.sender_id) = private.name_skeleton(account.sender_id)
          else a.sender_id = account.sender_id end))
  from public.organizations o where o.id = account.organization_id
$$;

-- filters: { status?, organization_id?, search? (part of the sender) }.
-- Security definer because the service role may not read the protected names.
create function private.list_senders(filters jsonb, page_limit integer, page_offset integer)
returns jsonb
language sql stable security definer set search_path = ''
as $$
  with found as materialized (
    select a from public.sms_accounts a
    where (not filters ? 'status' or a.status = filters ->> 'status')
      and (not filters ? 'organization_id' or a.organization_id = (filters ->> 'organization_id')::uuid)
      and (not filters ? 'search' or position(lower(filters ->> 'search') in lower(a.sender_id)) > 0)
  )
  select jsonb_build_object('total', (select count(*) from found), 'rows', coalesce((
    select jsonb_agg(private.operated_sender_json(p.a) order by (p.a).id desc)
    from (select f.a from found f order by (f.a).id desc limit page_limit offset page_offset) p), '[]'))
$$;
grant execute on function private.list_senders(jsonb, integer, integer) to service_role;

create function public.list_senders(filters jsonb default '{}', page_limit integer default 50,
  page_offset integer default 0)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.list_senders(filters, private.page_size(page_limit), private.page_start(page_offset))
$$;
comment on function public.list_senders is
  'For operators of the platform: senders of all organizations, newest first. filters: { status?, organization_id?, search? }.';
grant execute on function public.list_senders(jsonb, integer, integer) to service_role;
