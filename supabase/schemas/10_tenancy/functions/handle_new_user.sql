-- Security definer because it runs as Supabase Auth's role, which may not write here. The sign-up's metadata comes from
-- the caller, but it can only create a new organization or redeem a secret token.
create function private.handle_new_user()
returns trigger
language plpgsql security definer set search_path = ''
as $$
declare
  meta jsonb := coalesce(new.raw_user_meta_data, '{}');
begin
  insert into public.profiles (id, email, full_name)
  values (new.id, coalesce(lower(new.email), ''),
    left(regexp_replace(coalesce(meta ->> 'full_name', ''), '[[:cntrl:]\u2028-\u202e\u2066-\u2069]+', ' ', 'g'), 200));
  if meta ? 'invitation_token' then
    perform private.require_registration(meta ->> 'invitation_token');
    perform private.redeem_invitation(meta ->> 'invitation_token', new.id, new.email);
  elsif btrim(coalesce(meta ->> 'organization_name', '')) <> '' then
    perform private.require_registration();
    perform private.create_organization(new.id, meta ->> 'organization_name', meta);
  end if;
  return new;
end
$$;
