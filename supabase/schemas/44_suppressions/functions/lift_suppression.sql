-- Security definer because suppressions are changed by functions only.
create function private.lift_suppression(organization_id uuid, suppression_id uuid, reason text)
returns void
language plpgsql security definer set search_path = ''
as $$
declare
  lifted timestamptz;
begin
  perform private.require_permission(organization_id, 'suppressions:write');
  select s.lifted_at into lifted from public.suppressions s
  where s.organization_id = lift_suppression.organization_id and s.id = suppression_id for update;
  if not found then
    perform private.problem(404, 'not_found', 'There is no such suppression.');
  end if;
  if lifted is not null then
    perform private.problem(409, 'already_lifted', 'This suppression has already been lifted.');
  end if;
  perform private.require_valid(coalesce(btrim(reason), '') <> '', 'reason', 'must say why the suppression is lifted');
  perform private.require_valid(char_length(btrim(reason)) <= 500, 'reason', 'must have at most 500 characters');
  update public.suppressions s set lifted_at = now(), lifted_by = auth.uid(),
    lifted_reason = btrim(lift_suppression.reason)
  where s.id = suppression_id;
end
$$;
grant execute on function private.lift_suppression(uuid, uuid, text) to authenticated;

create function public.lift_suppression(organization_id uuid, suppression_id uuid, reason text)
returns void
language sql set search_path = ''
as $$
  select private.lift_suppression(organization_id, suppression_id, reason)
$$;
comment on function public.lift_suppression is 'Lifts a suppression; it is kept as history.';
grant execute on function public.lift_suppression(uuid, uuid, text) to authenticated;
