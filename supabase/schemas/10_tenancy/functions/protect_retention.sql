-- How long the audit log and messages are kept is the decision of a person: a stolen token must not shorten what shows
-- its use, nor have a job delete what the organization has.
create function private.protect_retention()
returns trigger
language plpgsql set search_path = ''
as $$
begin
  perform private.require_own_session();
  return new;
end
$$;
