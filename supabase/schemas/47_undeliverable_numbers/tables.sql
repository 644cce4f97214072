-- Numbers that cannot be texted, as providers say in error codes. Some are final (no mobile number, unknown to its
-- carrier): such a number gets nothing more, because every attempt costs money and reputation. Others may pass (a
-- handset that is off): after several in a row campaigns leave the number out for a month. An organization learns only
-- from its own messages. A person lifts the mark, and so does a message from the number itself.

create table private.undeliverable_codes (
  provider text not null,
  code text not null,
  is_final boolean not null,
  description text not null,
  primary key (provider, code)
);
comment on table private.undeliverable_codes is
  'Error codes of providers that are about the recipient''s number, not about the message or its sender.';


create table public.undeliverable_numbers (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  phone text not null constraint undeliverable_numbers_phone_e164 check (phone ~ '^\+[1-9][0-9]{6,14}$'),
  is_final boolean not null,
  reason text not null,
  error_code text not null,
  provider text not null,
  message_id uuid not null,
  until timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  lifted_at timestamptz,
  lifted_by uuid references public.profiles (id) on delete set null,
  lifted_reason text,
  constraint undeliverable_numbers_until check (is_final = (until is null))
);
comment on table public.undeliverable_numbers is
  'Numbers that an organization''s messages could not reach. Lifted ones stay as history.';
comment on column public.undeliverable_numbers.is_final is
  'Nothing is sent to the number; otherwise only campaigns leave it out, until `until`.';
comment on column public.undeliverable_numbers.message_id is 'The latest message that failed for it.';

create unique index undeliverable_numbers_one_active on public.undeliverable_numbers (organization_id, phone)
  where lifted_at is null;
create index undeliverable_numbers_organization on public.undeliverable_numbers (organization_id, id desc);
create index undeliverable_numbers_of_phone on public.undeliverable_numbers (organization_id, phone, id desc);
create index undeliverable_numbers_lifted_by on public.undeliverable_numbers (lifted_by) where lifted_by is not null;

alter table public.undeliverable_numbers enable row level security;

create policy "those who may read suppressions read their organization's"
  on public.undeliverable_numbers for select to authenticated
  using (organization_id = any ((select private.organizations_with('suppressions:read'))::uuid[]));

revoke all on public.undeliverable_numbers from public, anon, authenticated, service_role;
grant select on public.undeliverable_numbers to authenticated, service_role;

create trigger set_updated_at before update on public.undeliverable_numbers
  for each row execute function private.set_updated_at();

select private.audit_table('public.undeliverable_numbers');

-- All ways in which a message fails end here: the answer to its request, a callback, a lookup.
create trigger mark_undeliverable after update on public.messages
  for each row when (new.status in ('failed', 'undelivered') and new.error_code is not null
    and (new.status, new.error_code) is distinct from (old.status, old.error_code))
  execute function private.mark_undeliverable();
