-- A number that must not be texted must not be texted in another spelling either.
-- Security definer because other spellings are nobody's own rows to write.
create function private.suppress_other_spellings()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  insert into public.suppressions (organization_id, phone, scope, source, reason, created_by)
  select new.organization_id, s, new.scope, new.source, new.reason, new.created_by
  from unnest(private.phone_spellings(new.phone)) s where s <> new.phone
  on conflict (organization_id, phone, scope) where lifted_at is null do nothing;
  return null;
end
$$;

create function private.lift_other_spellings()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  update public.suppressions s
  set lifted_at = new.lifted_at, lifted_by = new.lifted_by, lifted_reason = new.lifted_reason
  where s.organization_id = new.organization_id and s.phone = any (private.phone_spellings(new.phone))
    and s.scope = new.scope and s.source = new.source and s.lifted_at is null;
  return null;
end
$$;
