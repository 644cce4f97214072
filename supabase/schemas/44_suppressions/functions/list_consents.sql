-- The ledger of one number, newest first. Security definer because it names people, and because the whole ledger of a
-- number counts, also where the caller may not see its lead.
create function private.list_consents(organization_id uuid, phone text, page_limit integer, page_offset integer)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
begin
  perform private.require_permission(organization_id, 'consents:read');
  return jsonb_build_object(
    'total', (
      select count(*) from public.consents c where c.organization_id = list_consents.organization_id
        and c.phone = list_consents.phone),
    'rows', coalesce((
      select jsonb_agg(private.consent_json(p.c) order by (p.c).id desc)
      from (
        select c from public.consents c
        where c.organization_id = list_consents.organization_id and c.phone = list_consents.phone
        order by c.id desc limit page_limit offset page_offset
      ) p), '[]'));
end
$$;
grant execute on function private.list_consents(uuid, text, integer, integer) to authenticated;

create function public.list_consents(organization_id uuid, phone text, page_limit integer default 50,
  page_offset integer default 0)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.list_consents(organization_id, phone, private.page_size(page_limit), private.page_start(page_offset))
$$;
comment on function public.list_consents is 'The consent ledger of a number.';
grant execute on function public.list_consents(uuid, text, integer, integer) to authenticated;
