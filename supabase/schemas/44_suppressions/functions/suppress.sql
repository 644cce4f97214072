create function private.suppress(organization_id uuid, phone text, source text, reason text)
returns void
language sql set search_path = ''
as $$
  insert into public.suppressions (organization_id, phone, scope, source, reason)
  values (organization_id, phone, 'all', source, reason)
  on conflict (organization_id, phone, scope) where lifted_at is null do nothing
$$;
