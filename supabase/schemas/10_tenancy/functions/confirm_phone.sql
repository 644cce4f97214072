-- Five attempts a code. A wrong one is returned, not raised, so that it counts.
-- Security definer because nobody may read codes and write confirmed numbers directly.
create function private.confirm_phone(code text)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  confirmation private.phone_confirmations;
begin
  perform private.require_session();
  perform private.require_own_session();
  select * into confirmation from private.phone_confirmations c where c.user_id = auth.uid() for update;
  if confirmation.user_id is null or confirmation.expires_at <= now() or confirmation.attempts >= 5 then
    perform private.problem(409, 'no_code', 'There is no code, or it is no longer valid. Request a new one.');
  end if;
  if confirmation.code is distinct from btrim(confirm_phone.code) then
    update private.phone_confirmations c set attempts = c.attempts + 1 where c.user_id = auth.uid();
    return private.returned_problem(422, 'invalid_field', 'The code is wrong.',
      '[{"path": "code", "message": "is wrong"}]');
  end if;
  delete from private.phone_confirmations c where c.user_id = auth.uid();
  update public.profiles p set phone = confirmation.phone, phone_confirmed_at = now() where p.id = auth.uid();
  return jsonb_build_object('phone', confirmation.phone, 'phone_confirmed_at', now());
end
$$;
grant execute on function private.confirm_phone(text) to authenticated;

create function public.confirm_phone(code text)
returns jsonb
language sql set search_path = ''
as $$
  select private.confirm_phone(code)
$$;
comment on function public.confirm_phone is 'Confirms the phone number to which the code was texted.';
grant execute on function public.confirm_phone(text) to authenticated;

-- Security definer because nobody may write numbers directly.
create function private.remove_phone()
returns void
language plpgsql security definer set search_path = ''
as $$
begin
  perform private.require_session();
  perform private.require_own_session();
  update public.profiles p set phone = null, phone_confirmed_at = null where p.id = auth.uid() and p.phone is not null;
  delete from private.phone_confirmations c where c.user_id = auth.uid();
end
$$;
grant execute on function private.remove_phone() to authenticated;

create function public.remove_phone()
returns void
language sql set search_path = ''
as $$
  select private.remove_phone()
$$;
comment on function public.remove_phone is 'Removes the caller''s phone number.';
grant execute on function public.remove_phone() to authenticated;
