-- Records that the caller was refused at the admin's console. Their bucket bounds how many entries they can cause.
-- Security definer because nobody may write the log directly.
create function private.record_refusal(organization_id uuid, operation text)
returns void
language plpgsql security definer set search_path = ''
as $$
begin
  perform private.require_member(organization_id);
  perform private.require_valid(operation ~ '^[A-Z]{3,7} /[a-z0-9/{}_-]{1,100}$', 'operation', 'is none');
  if (private.take_tokens(array['refusal_recorded'], array[auth.uid()::text]) ->> 'allowed')::boolean then
    perform private.audit_event(organization_id, 'refused', 'admin', null, jsonb_build_object('operation', operation));
  end if;
end
$$;
grant execute on function private.record_refusal(uuid, text) to authenticated;

create function public.record_refusal(organization_id uuid, operation text)
returns void
language sql set search_path = ''
as $$
  select private.record_refusal(organization_id, operation)
$$;
comment on function public.record_refusal is
  'Records in the audit log that the caller was refused at the admin''s console.';
grant execute on function public.record_refusal(uuid, text) to authenticated;
