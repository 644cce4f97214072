-- Recomputes the running clocks of an organization: of 2,000 leads at once, so that most organizations see the result
-- right away, the rest by the job.
create function private.request_sla_recomputation(organization_id uuid)
returns void
language plpgsql set search_path = ''
as $$
begin
  insert into private.sla_recomputations (organization_id, due_at) values (organization_id, now())
  on conflict on constraint sla_recomputations_pkey do update
    set due_at = excluded.due_at, again = true, after_created = default, after_id = default;
  perform private.recompute_sla_clocks_of(organization_id, 2000);
end
$$;
