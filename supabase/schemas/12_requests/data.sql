insert into private.rate_limits (kind, quota, window_seconds) values
  ('auth_address', 300, 60),
  ('auth_account', 10, 60),
  ('send', 600, 60),
  ('upload', 60, 60),
  ('webhook_refused', 120, 60);
