-- Most messages answer none: those need no lookup in every partition. Security definer because counters may not be
-- written by any role.
create function private.count_replies()
returns trigger
language plpgsql security definer set search_path = '' set enable_nestloop = on set plan_cache_mode = force_generic_plan
as $$
begin
  if tg_op = 'DELETE' then
    delete from private.campaign_responses r using old_rows t where r.message_id = t.id and t.campaign_id is not null;
  elsif exists (select from new_rows n where n.in_reply_to is not null) then
    insert into private.campaign_responses as r (message_id, organization_id, campaign_id, variant_id, account_id,
      quarter_hour, texts)
    select m.id, m.organization_id, m.campaign_id, m.variant_id, m.account_id, private.quarter_hour(m.created_at),
      a.texts
    from (
      select n.in_reply_to as id, count(*) as texts from new_rows n where n.in_reply_to is not null group by 1
    ) a
    join public.messages m on m.id = a.id order by m.id
    on conflict on constraint campaign_responses_pkey do update set texts = r.texts + excluded.texts;
  end if;
  return null;
end
$$;
