-- Marks so many of a campaign's targets canceled, and says how many there were. A million at once would take longer than a
-- request may, so a large campaign's are marked by slices of the job: nobody claims them meanwhile.
create function private.cancel_targets(campaign_id uuid, size integer)
returns integer
language plpgsql set search_path = '' set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set jit = off
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
