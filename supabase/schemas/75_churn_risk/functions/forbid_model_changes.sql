create function private.forbid_model_changes()
returns trigger
language plpgsql set search_path = ''
as $$
begin
  raise exception 'The record of a model cannot be changed.' using errcode = '42501';
end
$$;
