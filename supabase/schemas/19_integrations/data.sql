insert into private.integration_types (position, type, name, kind) values
  (1, 'twilio', 'Twilio', 'texts'),
  (2, 'arkesel', 'Arkesel', 'texts'),
  (3, 'smtp', 'Mail server (SMTP)', 'mail'),
  (4, 'resend', 'Resend', 'mail'),
  (5, 'google_sheets', 'Google Sheets', 'sheets');
