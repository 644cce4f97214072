-- Subdomains of a shortener ("www.tinyurl.com") count as well, and links with characters that are not seen or that only
-- look different.
create function private.shortener_fault(body text)
returns text
language sql stable set search_path = ''
as $$
  select 'has a link through a public shortener: ' || s.host
  from private.link_shorteners s,
    lower(normalize(regexp_replace(body, '[' || private.invisible_characters() || ']', '', 'g'), nfkc)) as seen
  where s.effective_from <= current_date and (s.effective_to is null or s.effective_to >= current_date)
    and seen ~ ('(^|[^a-z0-9-])' || replace(s.host, '.', '\.') || '([^a-z0-9.-]|$)')
  order by s.host limit 1
$$;
