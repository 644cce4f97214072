-- How a text would be classified; nothing is recorded. Security definer, as create_reply_rule.
create function private.try_reply(organization_id uuid, body text)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
begin
  perform private.require_permission(organization_id, 'suppressions:read');
  return (select to_jsonb(u) from private.classify_reply(try_reply.organization_id, body) u);
end
$$;
grant execute on function private.try_reply(uuid, text) to authenticated;

create function public.try_reply(organization_id uuid, body text)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.try_reply(organization_id, body)
$$;
comment on function public.try_reply is
  'How a reply would be classified: { meaning, recognized_by, rule_id }. Nothing is recorded.';
grant execute on function public.try_reply(uuid, text) to authenticated;
