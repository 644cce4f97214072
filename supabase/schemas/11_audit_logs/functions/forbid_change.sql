create function private.forbid_change()
returns trigger
language plpgsql set search_path = ''
as $$
begin
  raise exception 'The audit log cannot be changed.' using errcode = '42501';
end
$$;
