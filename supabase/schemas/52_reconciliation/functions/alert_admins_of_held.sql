-- Tells the admins how many texts are held that they have not been told of: not while others of theirs are being asked
-- about, but not later than after five minutes.
create function private.alert_admins_of_held(settle_seconds integer)
returns void
language plpgsql set search_path = '' set enable_seqscan = off set jit = off
as $$
declare
  doubts private.pending_admin_alerts;
  texts bigint;
begin
  if not exists (select from private.pending_admin_alerts d where d.since is not null and d.alerted_at <= now() - interval '1 hour') then
    return;
  end if;
  perform pg_advisory_xact_lock(hashtextextended('settling messages in doubt', 0));
  for doubts in
    select * from private.pending_admin_alerts d
    where d.since is not null and d.alerted_at <= now() - interval '1 hour' and (d.since < now() - interval '5 minutes' or not exists (
      select from public.messages m
      where m.organization_id = d.organization_id and m.status = 'sending' and m.held_at is null
        and m.sending_at < now() - settle_seconds * interval '1 second'))
    order by d.organization_id
  loop
    select count(*) into texts from public.messages m
    where m.organization_id = doubts.organization_id and (m.unknown_at is not null or m.held_at is not null)
      and m.held_at >= doubts.since;
    if texts > 0 then
      perform private.notify_admins(doubts.organization_id, 'message_held',
        case texts when 1 then 'A text needs a decision' else texts || ' texts need a decision' end,
        'Nobody can say whether ' || case texts when 1 then 'it was' else 'they were' end
          || ' sent. Until someone decides, nothing is sent again.',
        jsonb_build_object('messages', texts));
    end if;
    update private.pending_admin_alerts d set since = null, alerted_at = case when texts > 0 then now() else d.alerted_at end
    where d.organization_id = doubts.organization_id;
  end loop;
end
$$;
