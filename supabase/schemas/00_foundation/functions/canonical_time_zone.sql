-- The time zone of this name, in any case, as it is written and stored: 'america/new_york' is America/New_York. Null: there
-- is none. Security definer because the names may not be read otherwise.
create function private.canonical_time_zone(name text)
returns text
language sql stable security definer set search_path = ''
as $$
  select coalesce((select z.name from private.time_zones z where z.key = lower(btrim(canonical_time_zone.name))),
    case when private.is_time_zone(name) then name end)
$$;

-- What is no time zone is left to the constraint. Security definer because the names may not be read otherwise.
create function private.canonicalize_time_zone()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  new.time_zone := coalesce(private.canonical_time_zone(new.time_zone), new.time_zone);
  return new;
end
$$;

create function private.canonicalize_cap_zone()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  new.cap_zone := coalesce(private.canonical_time_zone(new.cap_zone), new.cap_zone);
  return new;
end
$$;
