-- Clients as functions return them, in their order, with contacts and the names of people.
create function private.client_rows(clients public.clients[])
returns jsonb
language plpgsql stable set search_path = ''
as $$
begin
  return (
    select coalesce(jsonb_agg(to_jsonb(r) - 'n' order by r.n), '[]')
    from (
      select c.n, c.id, c.version, c.name, c.segment,
        (select s.label from public.client_segments s
          where s.organization_id = c.organization_id and s.key = c.segment) as segment_label,
        c.client_type, c.region, c.category, c.external_id, c.account_number, c.phone, c.email, c.contract_ends_on,
        c.stated_risk, c.custom_fields, c.owner_id,
        (select p.full_name from public.profiles p where p.id = c.owner_id) as owner_name, c.team_id, c.status, c.since,
        c.mrr::text, c.currency, c.spell_started_on, c.paused_on, c.notice_on, c.leaves_on, c.trial_ends_on,
        c.last_interaction_at, k.score, k.band, k.score_day, k.score_model_id, k.risk_theme, k.trend, k.trend_days,
        private.contacts_of(c.organization_id, c.id) as contacts, c.created_by,
        (select p.full_name from public.profiles p where p.id = c.created_by) as created_by_name, c.created_at,
        c.updated_at, c.deleted_at
      from (select u.*, row_number() over () as n from unnest(clients) u) c
      left join public.client_risks k on k.organization_id = c.organization_id and k.client_id = c.id
    ) r);
end
$$;

create function private.client_json(client public.clients)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.client_rows(array[client]) -> 0
$$;

create function private.client_of(organization_id uuid, client_id uuid)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.client_json(c) from public.clients c
  where c.organization_id = client_of.organization_id and c.id = client_of.client_id
$$;
comment on function private.client_of is 'The client after all triggers, as functions that changed it return it.';

create function private.contact_json(contact public.client_contacts)
returns jsonb
language sql immutable set search_path = ''
as $$
  select to_jsonb(contact) - array['organization_id', 'client_id']
$$;

-- The primary contact first, those who left last.
create function private.contacts_of(organization_id uuid, client_id uuid)
returns jsonb
language sql stable set search_path = ''
as $$
  select coalesce(jsonb_agg(private.contact_json(k)
    order by k.is_primary desc, (k.left_on is not null), k.id), '[]')
  from public.client_contacts k
  where k.organization_id = contacts_of.organization_id and k.client_id = contacts_of.client_id
$$;
