-- The last action of the statement decides. Security definer because recording an action does not require the
-- permission to edit customers.
create function private.sync_customer_status_from_actions()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  update public.customers c set status = latest.status
  from (
    select distinct on (customer_id) customer_id, private.status_after(action) as status
    from new_rows where action <> 'sms_sent' order by customer_id, id desc
  ) latest
  where c.id = latest.customer_id and c.status <> latest.status;
  return null;
end
$$;
