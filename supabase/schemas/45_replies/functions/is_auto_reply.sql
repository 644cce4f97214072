-- Messages that answer a reply: to STOP, START or HELP.
create function private.is_auto_reply(purpose text)
returns boolean
language sql immutable parallel safe set search_path = ''
as $$
  select purpose in ('opt_out_confirmation', 'opt_in_confirmation', 'help', 'phone_confirmation')
$$;
