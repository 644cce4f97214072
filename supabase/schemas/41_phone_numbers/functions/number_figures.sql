-- Campaign messages of each number since a moment, by outcome.
create function private.number_figures(organization_id uuid, since timestamptz)
returns table (account_id uuid, messages bigint, delivered bigint, failed bigint, filtered bigint)
language plpgsql stable set search_path = ''
as $$
begin
  return query select t.account_id, sum(t.messages)::bigint,
    coalesce(sum(t.messages) filter (where t.status = 'delivered'), 0)::bigint,
    coalesce(sum(t.messages) filter (where t.status in ('failed', 'undelivered')), 0)::bigint,
    coalesce(sum(t.messages) filter (where t.error_code = '30007'), 0)::bigint
  from private.message_outcome_totals t
  where t.organization_id = number_figures.organization_id and t.quarter_hour >= since and t.account_id is not null
    and t.campaign_id is not null and t.status is not null
  group by t.account_id;
end
$$;
comment on function private.number_figures is 'filtered: Twilio''s 30007 (carrier filter), included in failed.';
