-- A sender added without a type gets the one its form implies. Its rate is left alone: only the API assumes a rate for
-- new numbers.
create function private.set_sender_defaults()
returns trigger
language plpgsql set search_path = ''
as $$
begin
  new.number_type := coalesce(new.number_type, (private.sender_types(new.provider, new.sender_id))[1]);
  return new;
end
$$;
