insert into private.rate_limits (kind, quota, window_seconds, description) values
  ('auth_address', 300, 60, 'Requests from an IP address to the public endpoints of auth'),
  ('send', 600, 60, 'Requests of a person that send messages'),
  ('upload', 60, 60, 'Files that a person uploads'),
  ('invite', 30, 3600, 'Invitations by a person'),
  ('invite_organization', 200, 86400, 'Invitations by an organization'),
  ('invite_recipient', 3, 86400, 'Invitations that are mailed to an address, by all organizations together'),
  ('resend_email', 30, 3600, 'E-mails that a person sends again'),
  ('webhook_refused', 120, 60, 'Refused webhooks from an IP address');
