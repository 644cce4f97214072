-- How long the audit log is kept is the decision of a person: a stolen token must not shorten what shows its use.
create function private.protect_audit_retention()
returns trigger
language plpgsql set search_path = ''
as $$
begin
  perform private.require_own_session();
  return new;
end
$$;
