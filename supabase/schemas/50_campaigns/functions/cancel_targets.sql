-- Marks up to `size` pending targets of a campaign as canceled and returns how many. A million at once would exceed the
-- time limit of a request; the rest is marked by a job, and nobody claims targets of a canceled campaign meanwhile.
create function private.cancel_targets(campaign_id uuid, size integer)
returns integer
language plpgsql set search_path = ''
  set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set jit = off
as $$
declare
  marked integer;
begin
  update public.campaign_targets t set status = 'canceled', updated_at = now()
  from (
    select x.position from public.campaign_targets x
    where x.campaign_id = cancel_targets.campaign_id and x.status = 'pending' limit size for update skip locked
  ) p
  where t.campaign_id = cancel_targets.campaign_id and t.position = p.position;
  get diagnostics marked = row_count;
  return marked;
end
$$;
