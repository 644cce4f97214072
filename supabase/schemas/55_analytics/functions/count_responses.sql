-- Security definer because counters may not be written by any role.
create function private.count_responses()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  if tg_op = 'INSERT' then
    insert into private.message_outcome_totals (organization_id, campaign_id, variant_id, account_id, quarter_hour,
      replied, opted_out, answers)
    select n.organization_id, n.campaign_id, n.variant_id, n.account_id, n.quarter_hour,
      count(*) filter (where n.texts > n.opt_outs), count(*) filter (where n.opt_outs > 0), sum(n.texts)
    from new_rows n group by 1, 2, 3, 4, 5;
  elsif tg_op = 'DELETE' then
    insert into private.message_outcome_totals (organization_id, campaign_id, variant_id, account_id, quarter_hour,
      replied, opted_out, answers)
    select t.organization_id, t.campaign_id, t.variant_id, t.account_id, t.quarter_hour,
      -count(*) filter (where t.texts > t.opt_outs), -count(*) filter (where t.opt_outs > 0), -sum(t.texts)
    from old_rows t where exists (select from public.organizations o where o.id = t.organization_id)
    group by 1, 2, 3, 4, 5;
  else
    insert into private.message_outcome_totals (organization_id, campaign_id, variant_id, account_id, quarter_hour,
      replied, opted_out, answers)
    select d.organization_id, d.campaign_id, d.variant_id, d.account_id, d.quarter_hour,
      coalesce(sum(d.n) filter (where d.texts > d.opt_outs), 0), coalesce(sum(d.n) filter (where d.opt_outs > 0), 0),
      sum(d.n * d.texts)
    from (select *, 1 as n from new_rows union all select *, -1 from old_rows) d
    group by 1, 2, 3, 4, 5;
  end if;
  return null;
end
$$;
