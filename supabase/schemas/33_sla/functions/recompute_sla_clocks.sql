-- The job. Stops after a while, because changes of leads that it has locked wait for it. An organization whose clocks
-- cannot be recomputed is tried again later and does not block others.
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
    begin
      perform private.recompute_sla_clocks_of(organization, 2000);
    exception when others then
      raise warning 'The clocks of organization % were not recomputed: %', organization, sqlerrm;
      update private.sla_recomputations r set due_at = clock_timestamp() + interval '5 minutes'
      where r.organization_id = organization;
    end;
  end loop;
end
$$;
