-- The form in which progress is published.
create function private.progress_json(progress private.campaign_progress)
returns jsonb
language sql stable set search_path = ''
as $$
  select progress.state || jsonb_build_object('version', progress.version, 'changed_at',
    private.iso_time(progress.changed_at))
$$;
