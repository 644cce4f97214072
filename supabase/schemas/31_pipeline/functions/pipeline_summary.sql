-- GET /pipeline/summary. Security definer because nobody may read the totals; the figures are those of the caller's
-- scope.
create function private.pipeline_summary(organization_id uuid)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
begin
  return (
    select coalesce(jsonb_agg(jsonb_build_object('stage', s.key, 'label', s.label, 'count', coalesce(f.leads, 0),
      'value', coalesce(f.value, 0)::numeric(20, 2)::text, 'position', s.position) order by s.position), '[]')
    from private.lead_counts_by_status(pipeline_summary.organization_id) f
    right join public.pipeline_stages s on s.key = f.status
    where s.organization_id = pipeline_summary.organization_id);
end
$$;
grant execute on function private.pipeline_summary(uuid) to authenticated;

create function public.pipeline_summary(organization_id uuid)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.pipeline_summary(organization_id)
$$;
comment on function public.pipeline_summary is
  'Number and value of the leads in each stage, within the caller''s scope.';
grant execute on function public.pipeline_summary(uuid) to authenticated;
