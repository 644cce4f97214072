create function private.mark_outdated_consent()
returns trigger
language plpgsql set search_path = ''
as $$
begin
  new.outdated := exists (
    select from public.consents c
    where c.organization_id = new.organization_id and c.phone = new.phone and c.event = 'revoked'
      and c.channel = new.channel
      and c.occurred_at > new.occurred_at);
  return new;
end
$$;
