-- GET /pipeline/stages. Security definer: checks the permission itself, so that a suspended member gets 403 and not
-- an empty list.
create function private.list_stages(organization_id uuid)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
begin
  perform private.require_scope(organization_id, 'leads:read');
  return private.stages_json(organization_id);
end
$$;
grant execute on function private.list_stages(uuid) to authenticated;

create function public.list_stages(organization_id uuid)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.list_stages(organization_id)
$$;
comment on function public.list_stages is 'The stages of the pipeline, in order.';
grant execute on function public.list_stages(uuid) to authenticated;
