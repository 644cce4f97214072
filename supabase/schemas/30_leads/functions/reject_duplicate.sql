-- The oldest lead, not deleted, with this phone number (E.164) or e-mail address (lower case), or null.
create function private.duplicate_of(organization_id uuid, phone text, email text, except_id uuid default null)
returns uuid
language sql stable set search_path = ''
as $$
  select d.id
  from (
    select l.id, l.created_at from public.leads l
    where l.organization_id = duplicate_of.organization_id and l.phone = duplicate_of.phone and l.deleted_at is null
    union all
    select l.id, l.created_at from public.leads l
    where l.organization_id = duplicate_of.organization_id and l.email = duplicate_of.email and l.deleted_at is null
  ) d
  where d.id is distinct from except_id
  order by d.created_at, d.id limit 1
$$;

-- Refuses a number or address that another lead has, unless the caller may have duplicates and asked for it. A caller
-- who may not see that lead learns only that there is one. The caller has taken lock_lead_contacts.
create function private.reject_duplicate(
  organization_id uuid, phone text, email text, allowed boolean, except_id uuid default null)
returns void
language plpgsql stable set search_path = ''
as $$
declare
  existing uuid;
  lead public.leads;
begin
  if allowed then
    perform private.require_permission(organization_id, 'leads:duplicate');
    return;
  end if;
  existing := private.duplicate_of(organization_id, phone, email, except_id);
  if existing is null then
    return;
  end if;
  select * into lead from public.leads l where l.organization_id = reject_duplicate.organization_id and l.id = existing;
  perform private.problem(409, 'duplicate_lead', 'There is a lead with this phone number or e-mail address already.',
    case when private.lead_in_scope(lead, 'leads:read') then jsonb_build_object('existing_id', existing) end);
end
$$;
