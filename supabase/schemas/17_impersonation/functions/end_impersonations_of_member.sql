-- What ends with a suspension or a removal, of the admin or of the person, does not begin again when that is taken back.
-- Security definer because nobody may write impersonations directly.
create function private.end_impersonations_of_member()
returns trigger
language plpgsql security definer set search_path = ''
as $$
declare
  ended private.impersonations;
begin
  for ended in
    update private.impersonations i set ended_at = now()
    where i.organization_id = old.organization_id and old.user_id in (i.admin_id, i.target_id) and i.ended_at is null
      and i.expires_at > now()
    returning i.*
  loop
    perform private.audit_impersonation(ended, 'impersonation_ended');
  end loop;
  return null;
end
$$;
