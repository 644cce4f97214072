-- Whoever adds a sender without its type gets what its form says. Its rate is not guessed here: senders that stood before
-- this pool keep the pace that they had; the API gives a new number the usual one.
create function private.set_sender_defaults()
returns trigger
language plpgsql set search_path = ''
as $$
begin
  new.number_type := coalesce(new.number_type, (private.sender_types(new.provider, new.sender_id))[1]);
  return new;
end
$$;
