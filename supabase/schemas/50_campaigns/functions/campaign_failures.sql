-- How many of a campaign's messages have a known outcome, failed, and were filtered. Failures of numbers that do not
-- exist are not among them: they say nothing about its text or senders.
create function private.campaign_failures(campaign_id uuid)
returns table (known bigint, failed bigint, filtered bigint)
language sql stable set search_path = ''
as $$
  select coalesce(sum(t.messages), 0)::bigint,
    coalesce(sum(t.messages) filter (where t.status in ('failed', 'undelivered')), 0)::bigint,
    coalesce(sum(t.messages) filter (where t.error_code = '30007'), 0)::bigint
  from private.message_outcome_totals t
  where t.campaign_id = campaign_failures.campaign_id and t.status in ('delivered', 'failed', 'undelivered')
    and coalesce(t.error_code <> all (private.final_undeliverable_codes()), true)
$$;
