-- GET /leads/holders: the people to whom the caller may assign leads. Security definer because it counts leads
-- outside the caller's scope, of people within it.
create function private.list_holders(organization_id uuid, page_limit integer, page_offset integer)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
  people uuid[] := private.assignable_people(organization_id);
begin
  return jsonb_build_object('total', cardinality(people), 'rows', (
    select coalesce(jsonb_agg(private.holder_json(organization_id, p.id) order by p.full_name, p.id), '[]')
    from (
      select p.id, p.full_name from public.profiles p where p.id = any (people)
      order by p.full_name, p.id limit page_limit offset page_offset
    ) p));
end
$$;
grant execute on function private.list_holders(uuid, integer, integer) to authenticated;

create function public.list_holders(organization_id uuid, page_limit integer, page_offset integer)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.list_holders(organization_id, private.page_size(page_limit), private.page_start(page_offset))
$$;
comment on function public.list_holders is
  'One page of the people to whom the caller may assign leads, with their load and capacity.';
grant execute on function public.list_holders(uuid, integer, integer) to authenticated;
