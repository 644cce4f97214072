-- The plays of a new organization. Security definer because a person who signs up may not write them directly.
create function private.seed_plays()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  insert into public.plays (organization_id, key, title, details, channel, bands, themes, contract_ends_within, min_mrr,
    every_days)
  values
    (new.id, 'call_quiet_client', 'Call the client', 'Nobody has talked with the client for long. Ask how it goes.', 'call',
      '{high,critical}', '{contact}', null, null, 60),
    (new.id, 'visit_large_client', 'Visit the client', 'A visit by the owner, with what was agreed in writing.', 'task',
      '{high,critical}', '{}', null, 1000, 180),
    (new.id, 'close_open_issues', 'Close the open issues', 'Go through the open issues with the technical team and give the client '
      || 'a date for each.', 'note', '{moderate,high,critical}', '{issues}', null, null, 30),
    (new.id, 'root_cause', 'Find the cause of repeated issues', 'The same issue came back: find out why before it comes again.',
      'task', '{high,critical}', '{issues}', null, null, 90),
    (new.id, 'payment_plan', 'Offer a payment plan', 'Spread what is owed over months.', 'offer', '{high,critical}', '{payment}',
      null, null, 90),
    (new.id, 'renew_early', 'Talk about renewal', 'The contract ends soon: renew before the client compares.', 'call',
      '{moderate,high,critical}', '{}', 60, null, 90),
    (new.id, 'review_contract', 'Review the contract', 'The client pays less than before: find a tariff that fits.', 'call',
      '{high,critical}', '{contract}', null, null, 90),
    (new.id, 'welcome_call', 'Welcome call', 'A new client that is at risk: ask what is missing.', 'call', '{moderate,high,critical}',
      '{contract}', null, null, 180),
    (new.id, 'new_contact', 'Find a new contact', 'The person we knew has left: get to know who follows.', 'task',
      '{high,critical}', '{contact}', null, null, 180),
    (new.id, 'ask_for_feedback', 'Ask for feedback', 'Two questions: what is good, what should change.', 'text', '{moderate}',
      '{}', null, null, 180),
    (new.id, 'manager_call', 'Call by a manager', 'Somebody who can decide calls and asks what would keep the client.', 'call',
      '{critical}', '{}', null, null, 90),
    (new.id, 'follow_up_estimate', 'Follow up what was noticed', 'Somebody expects that the client leaves: agree on what to do.',
      'note', '{moderate,high,critical}', '{estimate}', null, null, 60);
  return null;
end
$$;
