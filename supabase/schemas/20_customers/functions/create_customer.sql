create function public.create_customer(organization_id uuid, customer jsonb)
returns jsonb
language plpgsql set search_path = ''
as $$
declare
  answer jsonb := private.idempotent_response(organization_id);
  created public.customers;
begin
  if answer is not null then
    return answer;
  end if;
  insert into public.customers (organization_id, name, account_number, phone, status, arrears, currency)
  select create_customer.organization_id, r.name, r.account_number, r.phone, coalesce(r.status, 'connected'), r.arrears,
    (select o.currency from public.organizations o where o.id = create_customer.organization_id)
  from jsonb_to_record(customer) as r (name text, account_number text, phone text, status text, arrears numeric)
  returning * into created;
  return private.store_idempotent_response(organization_id, to_jsonb(created) - 'search_text');
end
$$;
comment on function public.create_customer is
  'Adds a customer. A repeat with the same Idempotency-Key gets the same answer.';
grant execute on function public.create_customer(uuid, jsonb) to authenticated;
