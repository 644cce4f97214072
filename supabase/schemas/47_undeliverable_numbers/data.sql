insert into private.undeliverable_codes (provider, code, is_final, description) values
  ('twilio', '21211', true, 'The number is not valid.'),
  ('twilio', '21214', true, 'The number cannot be reached.'),
  ('twilio', '21614', true, 'The number is not a mobile number.'),
  ('twilio', '21635', true, 'The number is a landline.'),
  ('twilio', '30005', true, 'The number is unknown or no longer exists.'),
  ('twilio', '30006', true, 'The number is a landline, or its carrier cannot be reached.'),
  ('twilio', '30003', false, 'The telephone was not reachable.'),
  ('arkesel', 'invalid_number', true, 'The number is not valid.'),
  ('arkesel', 'EXPIRED', false, 'The telephone was not reachable.');
