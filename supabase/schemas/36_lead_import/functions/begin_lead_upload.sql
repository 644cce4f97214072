-- Deletes the oldest waiting files of the caller: those beyond the last nine, and further ones while the organization
-- has too many. A person who corrects a file and sends it again would otherwise use up the organization's limit.
create function private.make_room_for_upload(organization_id uuid, kind text)
returns void
language plpgsql set search_path = ''
as $$
declare
  surplus record;
begin
  -- One upload of an organization at a time, so that the limits hold.
  perform pg_advisory_xact_lock(hashtextextended('lead_uploads|' || organization_id, 0));
  delete from private.lead_uploads u
  where u.expires_at < 'infinity' and u.id in (
    select w.id from private.lead_uploads w
    where w.organization_id = make_room_for_upload.organization_id and w.created_by = auth.uid()
      and w.expires_at > now() and w.expires_at < 'infinity'
    order by w.id desc offset 9);
  loop
    select count(*) >= 40 or coalesce(sum(u.size), 0) > 500000000 as is_full,
      (array_agg(u.id order by u.id) filter (where u.created_by = auth.uid()
        and u.expires_at < 'infinity'))[1] as oldest
    into surplus from private.lead_uploads u
    where u.organization_id = make_room_for_upload.organization_id and u.expires_at > now();
    exit when not surplus.is_full;
    if surplus.oldest is null then
      perform private.problem(409, 'too_many_uploads', 'Too many files of the organization wait to be imported. '
        || format('Import or delete some of them: GET and DELETE /%s/import/uploads.', kind));
    end if;
    delete from private.lead_uploads u where u.id = surplus.oldest and u.expires_at < 'infinity';
  end loop;
end
$$;

-- Starts an upload: { upload_id } and private.import_terms, or { replayed } when the request was answered before. The
-- number and size of waiting files are limited, so that uploads cannot fill the database. Security definer because
-- callers may not write uploads directly.
create function private.begin_lead_upload(organization_id uuid, file_name text, kind text)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  answer jsonb;
  upload uuid;
begin
  perform private.require_permission(organization_id, private.import_permission(kind));
  answer := private.idempotent_response(organization_id);
  if answer is not null then
    return jsonb_build_object('replayed', answer);
  end if;
  answer := private.over_rate_limit('upload');
  if answer is not null then
    return answer;
  end if;
  perform private.make_room_for_upload(organization_id, kind);
  insert into private.lead_uploads (organization_id, kind, file_name, created_by)
  values (organization_id, kind, file_name, auth.uid()) returning id into upload;
  return jsonb_build_object('upload_id', upload) || private.import_terms(organization_id, kind);
end
$$;
grant execute on function private.begin_lead_upload(uuid, text, text) to authenticated;

create function public.begin_lead_upload(organization_id uuid, file_name text, kind text default 'leads')
returns jsonb
language sql set search_path = ''
as $$
  select private.begin_lead_upload(organization_id, file_name, kind)
$$;
comment on function public.begin_lead_upload is
  'Starts an upload of leads or clients and returns what its cells may name.';
grant execute on function public.begin_lead_upload(uuid, text, text) to authenticated;
