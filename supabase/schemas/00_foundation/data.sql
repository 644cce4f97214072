insert into private.time_zones (key, name)
select lower(z.name), z.name from pg_catalog.pg_timezone_names z where private.is_time_zone(z.name)
on conflict do nothing;
