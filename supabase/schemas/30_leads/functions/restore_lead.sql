-- POST /leads/{id}/restore. A lead that is not deleted stays unchanged, so a repeat does no harm. Security definer
-- because callers may not write leads directly.
create function private.restore_lead(organization_id uuid, lead_id uuid, allow_duplicate boolean)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  lead public.leads;
begin
  perform private.require_scope(organization_id, 'leads:delete');
  -- Read before the row is locked (see lock_lead_contacts); a deleted lead does not change in between.
  select * into lead from public.leads l where l.organization_id = restore_lead.organization_id and l.id = lead_id;
  if lead.id is null or not (private.lead_in_scope(lead, 'leads:read') and private.lead_in_scope(lead, 'leads:delete'))
    then
    perform private.problem(404, 'not_found', 'There is no such lead.');
  end if;
  perform private.lock_lead_contacts(organization_id, lead.phone, lead.email);
  select * into lead from public.leads l
  where l.organization_id = restore_lead.organization_id and l.id = lead_id for update;
  if lead.merged_into is not null then
    perform private.problem(409, 'merged', 'The lead was merged into another one, which cannot be undone.',
      jsonb_build_object('merged_into', lead.merged_into));
  elsif lead.deleted_at is not null then
    perform private.reject_duplicate(organization_id, lead.phone, lead.email, allow_duplicate, lead_id);
    update public.leads l set deleted_at = null, deleted_by = null
    where l.organization_id = restore_lead.organization_id and l.id = restore_lead.lead_id;
  end if;
  return private.lead_of(organization_id, lead_id);
end
$$;
grant execute on function private.restore_lead(uuid, uuid, boolean) to authenticated;

create function public.restore_lead(organization_id uuid, lead_id uuid, allow_duplicate boolean default false)
returns jsonb
language sql set search_path = ''
as $$
  select private.restore_lead(organization_id, lead_id, allow_duplicate)
$$;
comment on function public.restore_lead is
  'Restores a deleted lead, unless another lead has its number or address by now.';
grant execute on function public.restore_lead(uuid, uuid, boolean) to authenticated;
