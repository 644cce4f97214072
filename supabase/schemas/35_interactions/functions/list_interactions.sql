-- Security definer: see list_tasks. Newest first, by the time of logging.
create function private.list_interactions(organization_id uuid, lead_id uuid, wanted_type text, page_limit integer,
  page_offset integer)
returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  lead public.leads := private.require_lead(organization_id, lead_id, 'interactions:read');
begin
  return jsonb_build_object(
    'total', (
      select count(*) from public.interactions i
      where i.organization_id = lead.organization_id and i.lead_id = lead.id
        and (wanted_type is null or i.type = wanted_type)),
    'rows', coalesce((
      select jsonb_agg(private.interaction_json(p.interaction) order by p.id desc)
      from (
        select i.id, i as interaction from public.interactions i
        where i.organization_id = lead.organization_id and i.lead_id = lead.id
          and (wanted_type is null or i.type = wanted_type)
        order by i.id desc limit page_limit offset page_offset
      ) p), '[]'));
end
$$;
grant execute on function private.list_interactions(uuid, uuid, text, integer, integer) to authenticated;

create function public.list_interactions(
  organization_id uuid, lead_id uuid, page_limit integer, page_offset integer, wanted_type text default null)
returns jsonb
language sql set search_path = ''
as $$
  select private.list_interactions(organization_id, lead_id, wanted_type,
    private.page_size(page_limit), private.page_start(page_offset))
$$;
comment on function public.list_interactions is
  'One page of a lead''s interactions, newest first. wanted_type: null for all.';
grant execute on function public.list_interactions(uuid, uuid, integer, integer, text) to authenticated;
