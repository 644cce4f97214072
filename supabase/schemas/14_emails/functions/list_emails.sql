-- filters: { status?, kind?, to?, lead_id? }.
-- Security definer because the title is in the e-mail's values, which nobody may read directly.
create function private.list_emails(organization_id uuid, filters jsonb, page_limit integer, page_offset integer)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
  conditions text := 'x.organization_id = $1' || private.conditions(filters, '{
    "status": ["status", "=", "text"], "kind": ["kind", "=", "text"], "to": ["to_address", "=", "text"],
    "lead_id": ["lead_id", "=", "uuid"]}');
  answer jsonb;
begin
  perform private.require_permission(organization_id, 'emails:manage');
  execute format(
    'select jsonb_build_object(
      ''total'', (select count(*) from public.emails x where %1$s),
      ''rows'', coalesce((select jsonb_agg(private.email_json(p) order by p.created_at desc, p.id desc) from (
        select x.* from public.emails x where %1$s
        order by x.created_at desc, x.id desc limit $3 offset $4) p), ''[]''))',
    conditions)
  into answer using organization_id, filters, page_limit, page_offset;
  return answer;
end
$$;
grant execute on function private.list_emails(uuid, jsonb, integer, integer) to authenticated;

create function public.list_emails(organization_id uuid, filters jsonb, page_limit integer, page_offset integer)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.list_emails(organization_id, filters, private.page_size(page_limit), private.page_start(page_offset))
$$;
comment on function public.list_emails is
  'One page of the organization''s e-mails, newest first. filters: { status?, kind?, to?, lead_id? }.';
grant execute on function public.list_emails(uuid, jsonb, integer, integer) to authenticated;
