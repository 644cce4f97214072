-- Subdomains of a shortener ("www.tinyurl.com") count as well.
create function private.shortener_fault(body text)
returns text
language sql stable set search_path = ''
as $$
  select 'has a link through a public shortener: ' || s.host from private.link_shorteners s
  where s.effective_from <= current_date and (s.effective_to is null or s.effective_to >= current_date)
    and lower(body) ~ ('(^|[^a-z0-9-])' || replace(s.host, '.', '\.') || '([^a-z0-9.-]|$)')
  order by s.host limit 1
$$;
