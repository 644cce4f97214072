-- Security definer because nobody may insert memberships directly.
create function private.accept_invitation(token text)
returns uuid
language plpgsql security definer set search_path = ''
as $$
begin
  perform private.require_own_session();
  return (select private.redeem_invitation(token, p.id, p.email) from public.profiles p where p.id = auth.uid());
end
$$;
grant execute on function private.accept_invitation(text) to authenticated;

create function public.accept_invitation(token text)
returns uuid
language sql set search_path = ''
as $$
  select private.accept_invitation(token)
$$;
comment on function public.accept_invitation is
  'The caller joins the organization that invited their e-mail address; returns its id.';
grant execute on function public.accept_invitation(text) to authenticated;
