-- Puts numbers on a cooldown of two hours when the campaign messages of the last hour fail: more than half of them, or
-- more than a tenth filtered, among at least fifty with a known outcome. Failures from before do not count again, and
-- those of numbers that do not exist not at all.
-- Admins are notified, because an organization with a single number sends no campaign meanwhile.
create function private.cool_down_numbers()
returns integer
language plpgsql set search_path = ''
as $$
declare
  failing record;
  reason text;
  others bigint;
  cooled_down integer := 0;
begin
  for failing in
    select a.id, a.organization_id, coalesce(a.label, a.sender_id) as name, f.failed, f.filtered, f.known
    from (
      select distinct c.organization_id from public.campaigns c where c.status = 'running'
    ) o
    join public.sms_accounts a on a.organization_id = o.organization_id and a.status = 'active'
      and (a.cooldown_until is null or a.cooldown_until <= now())
    cross join lateral (
      select coalesce(sum(t.messages) filter (where t.status in ('failed', 'undelivered')), 0) as failed,
        coalesce(sum(t.messages) filter (where t.error_code = '30007'), 0) as filtered,
        coalesce(sum(t.messages) filter (where t.status in ('delivered', 'failed', 'undelivered')), 0) as known
      from private.message_outcome_totals t
      where t.organization_id = a.organization_id and t.account_id = a.id and t.campaign_id is not null
        and coalesce(t.error_code <> all (private.final_undeliverable_codes()), true)
        and t.quarter_hour >= private.quarter_hour(now() - interval '1 hour')
        and (a.failures_counted_from is null or t.quarter_hour >= a.failures_counted_from)
    ) f
    where f.known >= 50 and (f.failed > 0.5 * f.known or f.filtered > 0.1 * f.known)
    order by a.id
  loop
    reason := case when failing.filtered > 0.1 * failing.known
      then 'Carriers filter ' || round(100 * failing.filtered / failing.known) || ' % of its messages.'
      else round(100 * failing.failed / failing.known) || ' % of its messages fail.' end;
    -- One that fails is tried again by the next run and does not block others.
    begin
      update public.sms_accounts a
      set cooldown_until = now() + interval '2 hours', cooldown_reason = reason,
        failures_counted_from = now() + interval '2 hours'
      where a.id = failing.id and a.status = 'active' and (a.cooldown_until is null or a.cooldown_until <= now());
      continue when not found;
      select count(*) into others from public.sms_accounts a
      where a.organization_id = failing.organization_id and a.id <> failing.id and a.status = 'active'
        and (a.cooldown_until is null or a.cooldown_until <= now());
      perform private.notify_admins(failing.organization_id, 'system',
        'Campaigns do not use the number ' || failing.name || ' for two hours',
        reason || case when others = 0
          then ' It is the only number: no campaign sends until then, unless you end the cooldown or add another number.'
          else ' Campaigns with other numbers continue with those; campaigns with this number only wait.' end,
        jsonb_build_object('phone_number_id', failing.id));
      cooled_down := cooled_down + 1;
    exception when others then
      raise warning 'sender % was not put on a cooldown: %', failing.id, sqlerrm;
    end;
  end loop;
  return cooled_down;
end
$$;
