-- Interactions by the person who recorded them. Security definer because they may not write the totals.
create function private.count_interactions()
returns trigger
language plpgsql security definer set search_path = '' set enable_nestloop = on set jit = off
as $$
begin
  if tg_op <> 'INSERT' then
    perform private.record_interaction_days(array(
      select o::public.interactions from old_rows o where o.created_by is not null), -1);
  end if;
  if tg_op <> 'DELETE' then
    perform private.record_interaction_days(array(
      select n::public.interactions from new_rows n where n.created_by is not null), 1);
  end if;
  return null;
end
$$;

-- Adds (sign 1) or subtracts (sign -1) interactions.
create function private.record_interaction_days(interactions public.interactions[], sign integer)
returns void
language plpgsql set search_path = ''
as $$
begin
  if cardinality(interactions) = 0 then
    return;
  end if;
  perform private.lock_days(array(select i.organization_id from unnest(interactions) i));
  insert into private.interaction_day_totals
  select i.organization_id, i.created_by, (i.occurred_at at time zone o.time_zone)::date, sign * count(*)
  from unnest(interactions) i
  join public.organizations o on o.id = i.organization_id
  group by 1, 2, 3;
end
$$;
