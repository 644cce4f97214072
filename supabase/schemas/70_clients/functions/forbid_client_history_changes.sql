-- For append-only tables of clients: only a merge may move rows to the remaining client (signalbox.merging);
-- references to people may become null.
create function private.forbid_client_history_changes()
returns trigger
language plpgsql set search_path = ''
as $$
declare
  changeable constant text[] := array['client_id', 'created_by', 'recorded_by'];
begin
  if to_jsonb(new) - changeable is distinct from to_jsonb(old) - changeable
    or (new.client_id <> old.client_id
      and coalesce(current_setting('signalbox.merging', true), '') <> new.client_id::text) then
    raise exception 'This record cannot be changed.' using errcode = '42501';
  end if;
  return new;
end
$$;
