-- Clients follow their owner into another team, and have no owner when that person leaves. Security definer because
-- callers may not write clients directly.
create function private.move_clients_with_member()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  if tg_op = 'DELETE' then
    update public.clients c set owner_id = null
    where c.organization_id = old.organization_id and c.owner_id = old.user_id;
  else
    update public.clients c set team_id = new.team_id
    where c.organization_id = new.organization_id and c.owner_id = new.user_id and c.team_id is distinct
      from new.team_id;
  end if;
  return null;
end
$$;
