-- Definer: the words of the trade are in tables that nobody reads.
create function private.check_template()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  new.body := private.checked_template_body(new, new.body);
  return new;
end
$$;
