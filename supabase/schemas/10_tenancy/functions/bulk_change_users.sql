-- One person of a bulk action: null, or why it was refused as { code, detail }. A refusal undoes this person's part.
create function private.bulk_change_user(organization_id uuid, user_id uuid, action text, reassign_to text)
returns jsonb
language plpgsql set search_path = ''
as $$
declare
  refusal text;
  state text;
  code text;
begin
  if user_id = auth.uid() and action <> 'activate' then
    return jsonb_build_object('code', 'own_account', 'detail', 'A bulk action does not include yourself.');
  elsif action = 'delete' then
    perform private.remove_user(organization_id, user_id, reassign_to);
  else
    perform private.update_user(organization_id, user_id,
      jsonb_build_object('status', case action when 'activate' then 'active' else 'suspended' end));
  end if;
  return null;
exception when others then
  get stacked diagnostics state = returned_sqlstate, refusal = message_text, code = pg_exception_hint;
  if state !~ '^PT4' then
    raise;
  end if;
  return jsonb_build_object('code', code, 'detail', refusal);
end
$$;

-- One transaction with an answer for each person, in the order given. Locks are taken for all of them first, so that
-- two bulk actions cannot deadlock.
-- Security definer because nobody may write leads, tasks and holders directly.
create function private.bulk_change_users(organization_id uuid, user_ids uuid[], action text, reassign_to text)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  person uuid;
  refusal jsonb;
  results jsonb := '[]'::jsonb;
begin
  perform private.require_permission(organization_id, 'members:manage');
  perform private.require_valid(cardinality(user_ids) between 1 and 100 and array_position(user_ids, null) is null,
    'user_ids', 'must name 1 to 100 people');
  perform private.require_valid(action in ('activate', 'deactivate', 'delete'), 'action',
    'must be activate, deactivate or delete');
  perform private.require_valid(reassign_to is null or action = 'delete' and (
    reassign_to = 'none' or reassign_to ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'),
    'reassign_to', 'must be a user''s id or "none", and only with delete');
  perform private.lock_memberships(organization_id,
    user_ids || case when reassign_to <> 'none' then array[reassign_to::uuid] end);
  for person in select p.id from unnest(user_ids) with ordinality as p (id, position)
    group by p.id order by min(p.position)
  loop
    refusal := private.bulk_change_user(organization_id, person, action, reassign_to);
    results := results || jsonb_build_array(
      jsonb_build_object('user_id', person, 'done', refusal is null) || coalesce(refusal, '{}'));
  end loop;
  return results;
end
$$;
grant execute on function private.bulk_change_users(uuid, uuid[], text, text) to authenticated;

-- 55 s, because a member may hold tens of thousands of leads; the Data API applies the setting.
create function public.bulk_change_users(organization_id uuid, user_ids uuid[], action text,
  reassign_to text default null)
returns jsonb
language sql set search_path = '' set statement_timeout = '55s'
as $$
  select private.bulk_change_users(organization_id, user_ids, action, reassign_to)
$$;
comment on function public.bulk_change_users is
  'Activates, deactivates (suspends) or deletes (removes) up to 100 members; [{ user_id, done, code?, detail? }].';
grant execute on function public.bulk_change_users(uuid, uuid[], text, text) to authenticated;
