-- GET /leads/fields. Security definer: checks the permission itself, also where there are no rows for a policy to
-- check.
create function private.lead_fields(organization_id uuid)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
begin
  perform private.require_scope(organization_id, 'leads:read');
  return private.lead_field_definitions(organization_id);
end
$$;
grant execute on function private.lead_fields(uuid) to authenticated;

create function public.lead_fields(organization_id uuid)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.lead_fields(organization_id)
$$;
comment on function public.lead_fields is 'The organization''s lead fields, in order.';
grant execute on function public.lead_fields(uuid) to authenticated;
