-- Sets what follows from other columns, on every write of a client: the team from the owner, version and update time.
-- Changes of derived columns do not count as edits. Security definer because writers of clients need not be able to
-- read memberships.
create function private.set_client_derived_columns()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  if tg_op = 'INSERT' then
    new.currency := coalesce(new.currency, (
      select o.currency from public.organizations o where o.id = new.organization_id));
    new.segment := coalesce(new.segment, private.first_segment(new.organization_id));
  end if;
  if new.owner_id is not null and (tg_op = 'INSERT' or new.owner_id is distinct from old.owner_id) then
    new.team_id := (
      select m.team_id from public.memberships m
      where m.organization_id = new.organization_id and m.user_id = new.owner_id);
  end if;
  if tg_op = 'UPDATE' and (new.name, new.segment, new.client_type, new.region, new.category, new.external_id,
      new.account_number, new.phone, new.email, new.contract_ends_on, new.stated_risk, new.custom_fields, new.owner_id,
      new.team_id, new.deleted_at)
    is distinct from (old.name, old.segment, old.client_type, old.region, old.category, old.external_id,
      old.account_number, old.phone, old.email, old.contract_ends_on, old.stated_risk, old.custom_fields, old.owner_id,
      old.team_id, old.deleted_at) then
    new.version := old.version + 1;
    new.updated_at := now();
  end if;
  return new;
end
$$;

create function private.first_segment(organization_id uuid)
returns text
language sql stable set search_path = ''
as $$
  select s.key from public.client_segments s
  where s.organization_id = first_segment.organization_id order by s.position limit 1
$$;
