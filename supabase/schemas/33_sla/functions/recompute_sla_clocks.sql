-- The job. Stops after a while, because changes of leads that it has locked wait for it.
create function private.recompute_sla_clocks()
returns void
language plpgsql set search_path = ''
as $$
declare
  organization uuid;
begin
  while clock_timestamp() < now() + interval '15 seconds' loop
    select r.organization_id into organization from private.sla_recomputations r
    where r.due_at <= clock_timestamp() order by r.due_at limit 1 for update skip locked;
    exit when organization is null;
    perform private.recompute_sla_clocks_of(organization, 2000);
  end loop;
end
$$;
