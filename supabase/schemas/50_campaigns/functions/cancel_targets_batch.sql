-- Cancels the next batch of targets of canceled campaigns; 0: none left that can be. Campaigns are taken in random order,
-- and one that fails stops no other; what may be over soon (a deadlock, a full disk) is thrown. Security definer because
-- the service role may not write these tables.
create function private.cancel_targets_batch(size integer)
returns integer
language plpgsql security definer set search_path = ''
as $$
declare
  canceled uuid;
  marked integer;
begin
  for canceled in select c from private.campaigns_pending_cancellation() c order by random() loop
    begin
      marked := private.cancel_targets(canceled, size);
      if marked > 0 then
        return marked;
      end if;
    exception
      when transaction_rollback or insufficient_resources or object_not_in_prerequisite_state then raise;
      when query_canceled or others then
        raise warning 'targets of campaign % were not canceled: %', canceled, sqlerrm;
    end;
  end loop;
  return 0;
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
