-- Counts opt-outs from the ledger, because a reply is understood after it is stored, at times days later by a person.
-- Security definer because counters may not be written by any role.
create function private.count_opt_outs()
returns trigger
language plpgsql security definer set search_path = '' set enable_nestloop = on
as $$
begin
  if not exists (select from new_rows n where n.message_id is not null and n.event = 'revoked') then
    return null;
  end if;
  update private.campaign_responses r set opt_outs = r.opt_outs + a.opt_outs
  from (
    select m.in_reply_to as id, count(distinct m.id) as opt_outs
    from new_rows n join public.messages m on m.id = n.message_id
    where n.event = 'revoked' and m.in_reply_to is not null group by 1
  ) a
  where r.message_id = a.id;
  return null;
end
$$;
