-- Leases the import that waited longest to this runner: the import with its next piece, or null. One runner works on
-- an import at a time. An import that five runners claimed without finishing a piece fails. Security definer because
-- the service role may not write these tables directly.
create function private.claim_lead_import(runner uuid)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  run private.lead_import_runs;
  import public.lead_imports;
begin
  loop
    update private.lead_import_runs r
    set runner = claim_lead_import.runner, leased_until = now() + private.import_lease(), attempts = r.attempts + 1
    where r.import_id = (
      select w.import_id from private.lead_import_runs w
      where w.leased_until is null or w.leased_until < now()
      order by w.last_step_at, w.import_id limit 1 for update skip locked)
    returning * into run;
    if run.import_id is null then
      return null;
    end if;
    exit when run.attempts <= 5;
    perform private.end_lead_import(run.import_id, 'failed', 'The import was interrupted too often at the same place');
  end loop;
  update public.lead_imports i set status = 'running', started_at = coalesce(i.started_at, now())
  where i.id = run.import_id and i.status = 'queued';
  select * into import from public.lead_imports i where i.id = run.import_id;
  return jsonb_build_object(
    'id', import.id, 'kind', import.kind, 'mapping', import.mapping, 'consent', import.consent,
    'delimiter', run.delimiter, 'header_row', run.header_row, 'width', run.width, 'named', run.named,
    'is_unicode', run.is_unicode,
    'country', (select o.country from public.organizations o where o.id = import.organization_id),
    'currency', (select o.currency from public.organizations o where o.id = import.organization_id),
    'time_zone', (select o.time_zone from public.organizations o where o.id = import.organization_id),
    'piece', private.next_import_piece(run)) || private.import_terms(import.organization_id, import.kind);
end
$$;
grant execute on function private.claim_lead_import(uuid) to service_role;

create function public.claim_lead_import(runner uuid)
returns jsonb
language sql set search_path = ''
as $$
  select private.claim_lead_import(runner)
$$;
comment on function public.claim_lead_import is 'Leases a waiting import to this runner and returns its next piece.';
grant execute on function public.claim_lead_import(uuid) to service_role;
