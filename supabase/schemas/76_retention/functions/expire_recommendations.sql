-- Proposals of plays for clients that have given notice, left, or were deleted: nobody should act on them. What a person
-- recommended waits for its own end. Each client by its id alone: see private.assign_leads.
create function private.expire_recommendations(organization_id uuid, client_ids uuid[])
returns void
language sql set search_path = ''
as $$
  with gone as materialized (
    select c.id from unnest(client_ids) u (id)
    join public.clients c on c.id = u.id and (c.organization_id = expire_recommendations.organization_id) is true
    where c.status not in ('active', 'paused')
  )
  update public.recommendations r set state = 'expired' from gone g
  where r.organization_id = expire_recommendations.organization_id and r.client_id = g.id and r.state = 'proposed'
    and r.play_id is not null
$$;

-- Proposals to text somebody who has opted out. Whatever happens here must not keep an opt-out from being recorded, nor
-- make it wait. Security definer because who opts somebody out may not write recommendations.
create function private.expire_texts()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  update public.recommendations r set state = 'expired'
  where r.id in (
    select x.id
    from new_rows n
    join public.clients c on c.organization_id = n.organization_id and c.phone = n.phone and c.deleted_at is null
    join public.plays p on p.organization_id = c.organization_id and p.channel = 'text'
    join public.recommendations x
      on x.organization_id = c.organization_id and x.client_id = c.id and x.play_id = p.id and x.state = 'proposed'
    where n.lifted_at is null
    for update of x skip locked);
  return null;
exception when others then
  raise warning 'proposals to text were not expired: %', sqlerrm;
  return null;
end
$$;
