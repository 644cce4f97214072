-- A number that was erased comes back (an import, a form, a message): it is suppressed again at once, because its
-- pseudonym is. Somebody who has lifted that since is believed.
create function private.suppress_if_erased(organization_id uuid, phones text[])
returns void
language sql set search_path = ''
as $$
  insert into public.suppressions (organization_id, phone, scope, source, reason)
  select suppress_if_erased.organization_id, n.phone, 'all', 'erased', 'The data of this number was erased on request.'
  from unnest(phones) n (phone)
  where exists (
      select from public.suppressions e
      where e.organization_id = suppress_if_erased.organization_id and e.phone = private.pseudonym_phone(n.phone)
        and e.scope = 'all' and e.lifted_at is null)
    and not exists (
      select from public.suppressions e
      where e.organization_id = suppress_if_erased.organization_id and e.phone = n.phone and e.source = 'erased')
  on conflict (organization_id, phone, scope) where lifted_at is null do nothing
$$;

-- After the insert of rows with a number in the column that the argument names. While nobody has been erased this is one
-- look at a small table. Security definer because nobody writes suppressions of this source.
create function private.suppress_erased_numbers()
returns trigger
language plpgsql security definer set search_path = ''
as $$
declare
  tenant uuid;
  numbers text[];
begin
  if not exists (select from private.privacy_requests r where r.kind = 'erase') then
    return null;
  end if;
  for tenant, numbers in execute format('
    select n.organization_id, array_agg(distinct n.%1$I) from new_rows n
    where n.%1$I is not null and n.organization_id in (
      select o.organization_id from (select distinct r.organization_id from new_rows r) o
      where exists (select from private.privacy_requests r
        where r.organization_id = o.organization_id and r.kind = ''erase''))
    group by n.organization_id', tg_argv[0])
  loop
    perform private.suppress_if_erased(tenant, numbers);
  end loop;
  return null;
end
$$;

-- The same when a row gets another number. Security definer as above.
create function private.suppress_changed_number()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  if exists (select from private.privacy_requests r
    where r.organization_id = new.organization_id and r.kind = 'erase') then
    perform private.suppress_if_erased(new.organization_id, array[new.phone]);
  end if;
  return null;
end
$$;

create trigger suppress_erased_numbers after insert on public.leads referencing new table as new_rows
  for each statement execute function private.suppress_erased_numbers('phone');
create trigger suppress_erased_numbers after insert on public.customers referencing new table as new_rows
  for each statement execute function private.suppress_erased_numbers('phone');
create trigger suppress_erased_numbers after insert on public.clients referencing new table as new_rows
  for each statement execute function private.suppress_erased_numbers('phone');
create trigger suppress_erased_numbers after insert on public.client_contacts referencing new table as new_rows
  for each statement execute function private.suppress_erased_numbers('phone');
create trigger suppress_erased_numbers after insert on public.messages referencing new table as new_rows
  for each statement execute function private.suppress_erased_numbers('to_number');

create trigger suppress_changed_number after update of phone on public.leads
  for each row when (new.phone is distinct from old.phone) execute function private.suppress_changed_number();
create trigger suppress_changed_number after update of phone on public.customers
  for each row when (new.phone is distinct from old.phone) execute function private.suppress_changed_number();
create trigger suppress_changed_number after update of phone on public.clients
  for each row when (new.phone is distinct from old.phone) execute function private.suppress_changed_number();
create trigger suppress_changed_number after update of phone on public.client_contacts
  for each row when (new.phone is distinct from old.phone) execute function private.suppress_changed_number();
