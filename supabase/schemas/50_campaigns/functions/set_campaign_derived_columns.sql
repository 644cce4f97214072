-- The version rises with every change that people can see, not with the audience snapshot.
create function private.set_campaign_derived_columns()
returns trigger
language plpgsql set search_path = ''
as $$
begin
  new.updated_at := now();
  if new.version = old.version then
    new.version := old.version + 1;
  end if;
  return new;
end
$$;
