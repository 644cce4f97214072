-- Whether the latest messages to a number with a known outcome, as many as this, all failed because of the number.
create function private.fails_in_a_row(organization_id uuid, phone text, times integer)
returns boolean
language sql stable set search_path = ''
as $$
  select count(*) = times and bool_and(latest.fails)
  from (
    select m.status in ('failed', 'undelivered') and exists (
        select from private.undeliverable_codes c where c.provider = m.provider and c.code = m.error_code) as fails
    from public.messages m
    where m.to_number = fails_in_a_row.phone and m.organization_id = fails_in_a_row.organization_id
      and m.direction = 'outbound' and m.status in ('delivered', 'failed', 'undelivered')
    order by m.id desc limit times
  ) latest
$$;

-- Marks the number of a message that failed because of it: for good, or for a month once three in a row failed. What
-- was sent before a person lifted the mark says nothing new. Security definer because nobody may write these rows.
create function private.mark_undeliverable()
returns trigger
language plpgsql security definer set search_path = ''
as $$
declare
  known private.undeliverable_codes;
begin
  select * into known from private.undeliverable_codes c where c.provider = new.provider and c.code = new.error_code;
  if known is null or new.direction <> 'outbound'
    or not known.is_final and not private.fails_in_a_row(new.organization_id, new.to_number, 3)
    or exists (
      select from public.undeliverable_numbers u
      where u.organization_id = new.organization_id and u.phone = new.to_number and u.lifted_at > new.created_at)
  then
    return null;
  end if;
  insert into public.undeliverable_numbers as u (organization_id, phone, is_final, reason, error_code, provider,
    message_id, until)
  values (new.organization_id, new.to_number, known.is_final, known.description, known.code, known.provider, new.id,
    case when not known.is_final then now() + interval '30 days' end)
  on conflict (organization_id, phone) where lifted_at is null do update set
    is_final = excluded.is_final, reason = excluded.reason, error_code = excluded.error_code,
    provider = excluded.provider, message_id = excluded.message_id, until = excluded.until
  where not u.is_final;
  return null;
end
$$;
