-- Security definer, as create_reply_rule.
create function private.delete_reply_rule(organization_id uuid, rule_id uuid)
returns void
language plpgsql security definer set search_path = ''
as $$
begin
  perform private.require_permission(organization_id, 'suppressions:write');
  delete from public.reply_rules r where r.organization_id = delete_reply_rule.organization_id
    and r.id = delete_reply_rule.rule_id;
  if not found then
    perform private.problem(404, 'not_found', 'The organization has no such rule.');
  end if;
end
$$;
grant execute on function private.delete_reply_rule(uuid, uuid) to authenticated;

create function public.delete_reply_rule(organization_id uuid, rule_id uuid)
returns void
language sql set search_path = ''
as $$
  select private.delete_reply_rule(organization_id, rule_id)
$$;
comment on function public.delete_reply_rule is 'Removes an organization''s own rule; the audit log keeps it.';
grant execute on function public.delete_reply_rule(uuid, uuid) to authenticated;
