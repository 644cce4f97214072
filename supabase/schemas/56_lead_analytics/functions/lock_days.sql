-- Until the end of the transaction no other one changes the time zones of these organizations. In order, so that two
-- statements over the same organizations do not wait for each other.
create function private.lock_days(organizations uuid[])
returns void
language plpgsql set search_path = ''
as $$
begin
  perform pg_advisory_xact_lock_shared(hashtextextended('days|' || o.id, 0))
  from (select distinct u.id from unnest(organizations) u (id) order by 1) o;
end
$$;
