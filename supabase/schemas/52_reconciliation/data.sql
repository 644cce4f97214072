insert into private.status_lookups (provider, ask_after, answers_for, max_lookups, source) values
  ('twilio', '1 hour', '390 days', 6,
    'Message logs are kept for 13 months; messages may wait for up to 10 hours in Twilio''s queue.'),
  ('arkesel', '1 hour', '30 days', 6, 'Arkesel documents no retention; a month is a cautious assumption.');
