-- The next slice of them; 0: there is none. Definer: the service role may not write these tables.
create function private.cancel_targets_batch(size integer)
returns integer
language plpgsql security definer set search_path = ''
as $$
begin
  return (select coalesce(sum(private.cancel_targets(h, size)), 0) from (select h from private.campaigns_pending_cancellation() h limit 1) x);
end
$$;
grant execute on function private.cancel_targets_batch(integer) to service_role;

create function public.cancel_targets_batch(size integer default 10000)
returns integer
language sql set search_path = ''
as $$
  select private.cancel_targets_batch(size)
$$;
comment on function public.cancel_targets_batch is 'Marks the next targets of a campaign that was canceled; one transaction a slice.';
grant execute on function public.cancel_targets_batch(integer) to service_role;
