-- How long after a campaign's message a reply counts as an answer to it: people answer over a weekend, and later replies
-- seldom answer the campaign.
create function private.reply_attribution_window()
returns interval
language sql immutable parallel safe set search_path = ''
as $$
  select interval '72 hours'
$$;
