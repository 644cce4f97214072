-- Counts one more question without a final answer. Each next one waits longer; after the last the message is listed.
create function private.count_question(message public.messages, reason text)
returns text
language plpgsql set search_path = ''
as $$
declare
  most integer;
begin
  select k.most into most from private.status_lookups k where k.provider = message.provider;
  update public.messages m set
    asked = m.asked + 1,
    settling_until = now() + least(interval '20 hours', interval '1 hour' * 4 ^ least(m.asked, 6)),
    unknown_at = case when m.asked + 1 >= most then now() end,
    unknown_reason = case when m.asked + 1 >= most then reason end,
    updated_at = now()
  where m.id = message.id;
  return case when message.asked + 1 >= most then 'listed' else 'waiting' end;
end
$$;
