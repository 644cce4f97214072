-- Applies the provider's answer to a lookup to a locked message, like a callback: { provider_message_id, status, code?,
-- message?, opt_out?, facts? }.
create function private.apply_report(message public.messages, report jsonb)
returns void
language plpgsql set search_path = ''
as $$
declare
  changed constant boolean := private.apply_receipt(message, report ->> 'provider_message_id', report ->> 'status',
    report ->> 'code', report ->> 'message', 'provider');
begin
  if report -> 'facts' <> '{}' then
    perform private.store_provider_fields(message.id, report -> 'facts');
  end if;
  if changed and (report ->> 'opt_out')::boolean then
    perform private.suppress_refused(message, report ->> 'code');
  end if;
end
$$;
