-- Leases the list that waited longest and returns its id, or null. It is a call of its own: what a failed slice takes
-- back must not include that it was tried. A list of which five attempts in a row failed is given up; the numbers of a
-- deleted one are tried again at each end of the lease. Security definer because the service role may not write these
-- tables.
create function private.claim_dnc_list()
returns uuid
language plpgsql security definer set search_path = ''
as $$
declare
  list public.dnc_lists;
  claim private.dnc_list_claims;
begin
  loop
    select l.* into list from public.dnc_lists l
    where l.upload_complete and l.status in ('importing', 'deleting') and not exists (
      select from private.dnc_list_claims c
      where c.organization_id = l.organization_id and c.list_id = l.id and c.leased_until > now())
    order by l.updated_at limit 1 for update skip locked;
    exit when list.id is null;
    insert into private.dnc_list_claims as c (organization_id, list_id, leased_until)
    values (list.organization_id, list.id, now() + interval '30 seconds')
    on conflict on constraint dnc_list_claims_pkey do update
    set leased_until = excluded.leased_until, attempts = c.attempts + 1
    returning * into claim;
    exit when claim.attempts <= 5 or list.status = 'deleting';
    perform private.fail_dnc_list(list.id);
  end loop;
  return list.id;
end
$$;
grant execute on function private.claim_dnc_list() to service_role;

create function private.fail_dnc_list(list_id uuid)
returns void
language sql set search_path = ''
as $$
  delete from private.dnc_list_claims c
  where (c.organization_id, c.list_id) = (select l.organization_id, l.id from public.dnc_lists l where l.id = fail_dnc_list.list_id);
  update public.dnc_lists l set status = 'failed', error = 'The file could not be read.'
  where l.id = fail_dnc_list.list_id and l.status = 'importing'
$$;

create function public.claim_dnc_list()
returns uuid
language sql set search_path = ''
as $$
  select private.claim_dnc_list()
$$;
comment on function public.claim_dnc_list is 'Leases the do-not-call list that waits longest for work.';
grant execute on function public.claim_dnc_list() to service_role;
