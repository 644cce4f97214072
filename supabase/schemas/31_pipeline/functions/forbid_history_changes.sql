-- For append-only tables: only a merge may move rows to the remaining lead (signalbox.merging) and set merged_from;
-- references to people may become null.
create function private.forbid_history_changes()
returns trigger
language plpgsql set search_path = ''
as $$
declare
  merging boolean := coalesce(current_setting('signalbox.merging', true), '') = new.lead_id::text;
  changeable text[] := array['lead_id', 'from_user', 'to_user', 'assigned_by', 'changed_by', 'recorded_by',
    'created_by'];
begin
  if merging then
    changeable := changeable || 'merged_from'::text;
  end if;
  if to_jsonb(new) - changeable is distinct from to_jsonb(old) - changeable
    or (new.lead_id is not null and new.lead_id is distinct from old.lead_id and not coalesce(merging, false)) then
    raise exception 'This record cannot be changed.' using errcode = '42501';
  end if;
  return new;
end
$$;
