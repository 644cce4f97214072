-- Security definer because writers may not read link_shorteners.
create function private.check_template()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  new.body := private.checked_template_body(new, new.body);
  return new;
end
$$;
