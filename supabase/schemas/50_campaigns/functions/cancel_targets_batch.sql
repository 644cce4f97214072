-- Cancels the next batch of targets of canceled campaigns; 0: none left. Security definer because the service role may
-- not write these tables.
create function private.cancel_targets_batch(size integer)
returns integer
language plpgsql security definer set search_path = ''
as $$
begin
  return (
    select coalesce(sum(private.cancel_targets(p.id, size)), 0)
    from (select c as id from private.campaigns_pending_cancellation() c limit 1) p);
end
$$;
grant execute on function private.cancel_targets_batch(integer) to service_role;

create function public.cancel_targets_batch(size integer default 10000)
returns integer
language sql set search_path = ''
as $$
  select private.cancel_targets_batch(size)
$$;
comment on function public.cancel_targets_batch is
  'Marks the next targets of a canceled campaign as canceled, one batch a transaction.';
grant execute on function public.cancel_targets_batch(integer) to service_role;
