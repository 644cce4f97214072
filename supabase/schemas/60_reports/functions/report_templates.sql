-- GET /reports/templates: those that the caller may use.
-- Security definer because nobody may read the catalogue directly.
create function private.report_templates(organization_id uuid)
returns jsonb
language plpgsql stable security definer set search_path = '' set jit = off
as $$
declare
  context private.report_context := private.report_context(organization_id, now(), false);
begin
  return (
    select coalesce(jsonb_agg(t.definition || jsonb_build_object('id', t.id, 'name', t.name,
      'description', t.description, 'audience', t.audience) order by t.position), '[]')
    from private.report_templates t where private.may_see_report(context, t.definition));
end
$$;
grant execute on function private.report_templates(uuid) to authenticated;

create function public.report_templates(organization_id uuid)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.report_templates(organization_id)
$$;
comment on function public.report_templates is 'Reports to begin with, as the caller may use them.';
grant execute on function public.report_templates(uuid) to authenticated;
