-- The next piece of a run.
create function private.next_import_piece(run private.lead_import_runs)
returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object('position', p."position", 'first_row', p.first_row, 'content', p.content)
  from private.lead_upload_pieces p
  join public.lead_imports i on i.upload_id = p.upload_id
  where i.id = run.import_id and p."position" = run.next_position
$$;
