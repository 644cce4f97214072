-- Adds the audit triggers to a table; the values of the named columns are masked.
create function private.audit_table(audited regclass, variadic masked_columns text[] default '{}')
returns void
language plpgsql set search_path = ''
as $$
declare
  arguments text := (select coalesce(string_agg(quote_literal(c), ', '), '') from unnest(masked_columns) c);
begin
  execute format('create trigger audit_insert after insert on %s referencing new table as new_rows
    for each statement execute function private.audit(%s)', audited, arguments);
  execute format('create trigger audit_update after update on %s referencing old table as old_rows new table as new_rows
    for each statement execute function private.audit(%s)', audited, arguments);
  execute format('create trigger audit_delete after delete on %s referencing old table as old_rows
    for each statement execute function private.audit(%s)', audited, arguments);
end
$$;
