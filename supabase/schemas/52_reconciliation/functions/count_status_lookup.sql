-- Counts a lookup without a final answer. The wait before the next one grows; after the last the message is listed as
-- unknown.
create function private.count_status_lookup(message public.messages, reason text)
returns text
language plpgsql set search_path = ''
as $$
declare
  max_lookups integer;
begin
  select k.max_lookups into max_lookups from private.status_lookups k where k.provider = message.provider;
  update public.messages m set
    lookups_made = m.lookups_made + 1,
    lookup_until = now() + least(interval '20 hours', interval '1 hour' * 4 ^ least(m.lookups_made, 6)),
    unknown_at = case when m.lookups_made + 1 >= max_lookups then now() end,
    unknown_reason = case when m.lookups_made + 1 >= max_lookups then reason end,
    updated_at = now()
  where m.id = message.id;
  return case when message.lookups_made + 1 >= max_lookups then 'listed' else 'waiting' end;
end
$$;
