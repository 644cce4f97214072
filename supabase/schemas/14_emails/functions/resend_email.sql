-- Queues an e-mail again. A failed one keeps its edition, so that a copy that did arrive is recognized as the same
-- e-mail; with `force` a sent one is sent again as a new edition.
-- Security definer because nobody may write the outbox directly.
create function private.resend_email(organization_id uuid, email_id uuid, force boolean)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  answer jsonb;
  email public.emails;
begin
  perform private.require_permission(organization_id, 'emails:manage');
  answer := private.idempotent_response(organization_id);
  if answer is not null then
    return answer;
  end if;
  select * into email from public.emails e
  where e.organization_id = resend_email.organization_id and e.id = email_id for update;
  if email.id is null then
    perform private.problem(404, 'not_found', 'There is no such e-mail.');
  elsif email.status in ('queued', 'sending') then
    perform private.problem(409, 'on_its_way', 'This e-mail is already queued or being sent.');
  elsif email.status = 'canceled' then
    perform private.problem(409, 'not_needed', 'This e-mail is not needed any more: ' || email.last_error);
  elsif email.kind in ('invitation', 'report_shared') and not exists (
    select from private.email_secrets s where s.email_id = email.id) then
    perform private.problem(409, 'not_needed', 'The link in this e-mail is no longer valid. Invite the person again.');
  elsif email.status = 'sent' and not force then
    perform private.problem(409, 'already_sent', 'This e-mail was sent. Use force=true to send it again.');
  end if;
  answer := private.rate_limit_refusal(array['resend_email', 'invite_recipient'],
    array[auth.uid()::text, case when email.kind = 'invitation' then private.token_hash(email.to_address) end]);
  if answer is not null then
    return answer;
  end if;
  update public.emails e set
    status = 'queued', attempts = 0, next_attempt_at = now(), last_error = null, sent_at = null,
    via_platform = false, edition = e.edition + case when force then 1 else 0 end
  where e.id = email.id
  returning * into email;
  perform private.invoke('jobs/send-emails');
  return private.store_idempotent_response(organization_id, private.email_json(email));
end
$$;
grant execute on function private.resend_email(uuid, uuid, boolean) to authenticated;

create function public.resend_email(organization_id uuid, email_id uuid, force boolean default false)
returns jsonb
language sql set search_path = ''
as $$
  select private.resend_email(organization_id, email_id, force)
$$;
comment on function public.resend_email is 'Queues a failed e-mail again, or with force one that was sent; returns it.';
grant execute on function public.resend_email(uuid, uuid, boolean) to authenticated;
