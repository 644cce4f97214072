-- The audit log: who, as whom, what, when, before and after. One statement-level trigger serves every table, so a batch
-- of ten thousand rows costs one insert. Nobody changes or deletes an entry, the service role included; retention
-- drops whole months (private.maintain).

create table public.audit_logs (
  id uuid not null default private.uuid_v7() primary key,
  organization_id uuid,
  actor_id uuid,
  impersonator_id uuid,
  action text not null constraint audit_logs_action check (action in ('insert', 'update', 'delete')),
  resource text not null,
  resource_id uuid,
  before jsonb,
  after jsonb,
  changed text[] not null default '{}',
  request_id text,
  ip text,
  created_at timestamptz not null default now()
) partition by range (id);
comment on table public.audit_logs is 'Every change of an audited table, written by triggers only. Partitioned by month of id.';
comment on column public.audit_logs.impersonator_id is 'The admin who acted as actor_id (the token''s RFC 8693 "act" claim).';

create index audit_logs_organization on public.audit_logs (organization_id, id desc);
create index audit_logs_resource on public.audit_logs (organization_id, resource, resource_id);
create index audit_logs_actor on public.audit_logs (organization_id, actor_id);

select private.create_month_partition('public.audit_logs', now() + months)
from unnest(array[interval '-1 month', '0', '1 month', '2 months', '3 months']) months;

create function private.masked(row_data jsonb, columns text[])
returns jsonb
language sql immutable set search_path = ''
as $$
  select row_data || coalesce((
    select jsonb_object_agg(c, '***') from unnest(columns) c where jsonb_typeof(row_data -> c) <> 'null'), '{}')
$$;

-- Attached with transition tables old_rows and new_rows; arguments: columns whose values are masked.
-- Definer: callers may not write the log. No nested loops: a session keeps the plan it made for a statement of one row,
-- and pairing ten thousand old and new rows one by one takes a minute. `offset 0` keeps each row's JSON computed once.
create function private.audit()
returns trigger
language plpgsql security definer set search_path = '' set enable_nestloop = off
as $$
declare
  claims jsonb := coalesce(nullif(current_setting('request.jwt.claims', true), '')::jsonb, '{}');
  actor uuid := auth.uid();
  impersonator uuid := (claims -> 'act' ->> 'sub')::uuid;
  request text := private.request_header('x-request-id');
  address text := split_part(coalesce(private.request_header('x-client-ip'), private.request_header('x-forwarded-for'), ''), ',', 1);
  masks text[] := coalesce(tg_argv[0:tg_nargs - 1]::text[], '{}');
  masking boolean := tg_nargs > 0;
  tenant text := case tg_table_name when 'organizations' then 'id' else 'organization_id' end;
begin
  -- Without masks and helper calls per row a batch of ten thousand costs half.
  if tg_op = 'INSERT' then
    insert into public.audit_logs (organization_id, actor_id, impersonator_id, action, resource, resource_id, after, request_id, ip)
    select (r.data ->> tenant)::uuid, actor, impersonator, 'insert', tg_table_name,
      (r.data ->> 'id')::uuid, case when masking then private.masked(r.data, masks) else r.data end, request, nullif(address, '')
    from (select to_jsonb(n) as data from new_rows n offset 0) r;
  elsif tg_op = 'DELETE' then
    insert into public.audit_logs (organization_id, actor_id, impersonator_id, action, resource, resource_id, before, request_id, ip)
    select (r.data ->> tenant)::uuid, actor, impersonator, 'delete', tg_table_name,
      (r.data ->> 'id')::uuid, case when masking then private.masked(r.data, masks) else r.data end, request, nullif(address, '')
    from (select to_jsonb(o) as data from old_rows o offset 0) r;
  else
    insert into public.audit_logs
      (organization_id, actor_id, impersonator_id, action, resource, resource_id, before, after, changed, request_id, ip)
    select (d.after ->> tenant)::uuid, actor, impersonator, 'update', tg_table_name,
      (d.after ->> 'id')::uuid,
      case when masking then private.masked(d.before, masks) else d.before end,
      case when masking then private.masked(d.after, masks) else d.after end, d.changed,
      request, nullif(address, '')
    from (
      select b.data as before, a.data as after, array(
        select n.key from jsonb_each(a.data) n
        where n.value is distinct from b.data -> n.key and n.key <> 'updated_at' order by n.key
      ) as changed
      from (select o.id, to_jsonb(o) as data from old_rows o offset 0) b
      join (select n.id, to_jsonb(n) as data from new_rows n offset 0) a using (id)
      offset 0
    ) d
    where cardinality(d.changed) > 0;
  end if;
  return null;
end
$$;

-- For migrations: audits a table, masking the named columns.
create function private.audit_table(audited regclass, variadic masked_columns text[] default '{}')
returns void
language plpgsql set search_path = ''
as $$
declare
  arguments text := (select coalesce(string_agg(quote_literal(c), ', '), '') from unnest(masked_columns) c);
begin
  execute format('create trigger audit_insert after insert on %s referencing new table as new_rows
    for each statement execute function private.audit(%s)', audited, arguments);
  execute format('create trigger audit_update after update on %s referencing old table as old_rows new table as new_rows
    for each statement execute function private.audit(%s)', audited, arguments);
  execute format('create trigger audit_delete after delete on %s referencing old table as old_rows
    for each statement execute function private.audit(%s)', audited, arguments);
end
$$;

create function private.refuse_change()
returns trigger
language plpgsql set search_path = ''
as $$
begin
  raise exception 'The audit log cannot be changed.' using errcode = '42501';
end
$$;

create trigger immutable before update or delete on public.audit_logs
  for each row execute function private.refuse_change();
create trigger immutable_truncate before truncate on public.audit_logs
  for each statement execute function private.refuse_change();

alter table public.audit_logs enable row level security;
create policy "those who may read the audit log read their organization's" on public.audit_logs for select to authenticated
  using (organization_id = any ((select private.organizations_with('audit:read'))::uuid[]));

revoke all on public.audit_logs from public, anon, authenticated, service_role;
grant select on public.audit_logs to authenticated, service_role;

select private.audit_table('public.organizations');
select private.audit_table('public.teams');
select private.audit_table('public.roles');
select private.audit_table('public.role_permissions');
select private.audit_table('public.memberships');
select private.audit_table('public.invitations', 'token_hash');
