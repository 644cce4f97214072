create function private.undeliverable_json(marked public.undeliverable_numbers)
returns jsonb
language sql stable set search_path = ''
as $$
  select to_jsonb(marked) - 'organization_id' || jsonb_build_object(
    'lifted_by_name', (select p.full_name from public.profiles p where p.id = marked.lifted_by))
$$;

-- Filters: phone, state (active, lifted). Security definer because it names people.
create function private.list_undeliverable(organization_id uuid, filters jsonb, page_limit integer, page_offset integer)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
begin
  perform private.require_permission(organization_id, 'suppressions:read');
  return (
    with matching as (
      select u from public.undeliverable_numbers u
      where u.organization_id = list_undeliverable.organization_id and u.phone = coalesce(filters ->> 'phone', u.phone)
        and case filters ->> 'state' when 'active' then u.lifted_at is null and coalesce(u.until > now(), true)
          when 'lifted' then u.lifted_at is not null else true end
    )
    select jsonb_build_object('total', (select count(*) from matching), 'rows', coalesce((
      select jsonb_agg(private.undeliverable_json(p.u) order by (p.u).id desc)
      from (select m.u from matching m order by (m.u).id desc limit page_limit offset page_offset) p), '[]')));
end
$$;
grant execute on function private.list_undeliverable(uuid, jsonb, integer, integer) to authenticated;

create function public.list_undeliverable(organization_id uuid, filters jsonb default '{}',
  page_limit integer default 50, page_offset integer default 0)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.list_undeliverable(organization_id, filters, private.page_size(page_limit),
    private.page_start(page_offset))
$$;
comment on function public.list_undeliverable is 'A page of the numbers that could not be reached, newest first.';
grant execute on function public.list_undeliverable(uuid, jsonb, integer, integer) to authenticated;
