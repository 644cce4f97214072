-- Security definer because these rows are written by functions only.
create function private.lift_undeliverable(organization_id uuid, phone text, reason text)
returns void
language plpgsql security definer set search_path = ''
as $$
begin
  perform private.require_permission(organization_id, 'suppressions:write');
  perform private.require_valid(char_length(btrim(reason)) between 1 and 500, 'reason',
    'must have between 1 and 500 characters');
  update public.undeliverable_numbers u
  set lifted_at = now(), lifted_by = auth.uid(), lifted_reason = btrim(lift_undeliverable.reason)
  where u.organization_id = lift_undeliverable.organization_id and u.phone = lift_undeliverable.phone
    and u.lifted_at is null;
  if not found then
    perform private.problem(404, 'not_found', 'The number is not marked as undeliverable.');
  end if;
end
$$;
grant execute on function private.lift_undeliverable(uuid, text, text) to authenticated;

create function public.lift_undeliverable(organization_id uuid, phone text, reason text)
returns void
language sql set search_path = ''
as $$
  select private.lift_undeliverable(organization_id, phone, reason)
$$;
comment on function public.lift_undeliverable is 'Lets a number that could not be reached be texted again.';
grant execute on function public.lift_undeliverable(uuid, text, text) to authenticated;

-- A number that writes to us exists. For record_inbound.
create function private.lift_undeliverable_of_writer(organization_id uuid, phone text)
returns void
language sql set search_path = ''
as $$
  update public.undeliverable_numbers u set lifted_at = now(), lifted_reason = 'The number wrote to us.'
  where u.organization_id = lift_undeliverable_of_writer.organization_id
    and u.phone = lift_undeliverable_of_writer.phone and u.lifted_at is null
$$;
