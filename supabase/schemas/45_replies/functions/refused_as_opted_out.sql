-- Whether the provider, in its last word on a message from this sender to this number, refused it as opted out, without
-- a START since then. Such a provider answers STOP itself, and counts our attempts against us.
create function private.refused_as_opted_out(organization_id uuid, account_id uuid, phone text)
returns boolean
language sql stable set search_path = ''
as $$
  select exists (
    select from (
      select m.error_code, m.created_at from public.messages m
      where m.organization_id = refused_as_opted_out.organization_id and m.to_number = phone
        and m.account_id = refused_as_opted_out.account_id and m.direction = 'outbound'
        and m.status in ('sent', 'delivered', 'undelivered', 'failed')
      order by m.id desc limit 1
    ) latest
    where latest.error_code in ('21610', '30640') and not exists (
      select from public.consents c
      where c.organization_id = refused_as_opted_out.organization_id and c.phone = refused_as_opted_out.phone
        and c.event = 'granted' and c.source = 'reply' and c.created_at > latest.created_at))
$$;
