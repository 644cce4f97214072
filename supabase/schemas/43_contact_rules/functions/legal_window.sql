-- From when the law's hours hold for a text that a person writes to a number: now, or an hour after it last wrote.
create function private.legal_hours_from(organization_id uuid, phone text)
returns timestamptz
language sql stable set search_path = ''
as $$
  select coalesce((
    select m.created_at + private.answer_period() from public.messages m
    where m.organization_id = legal_hours_from.organization_id and m.from_number = legal_hours_from.phone
      and m.direction = 'inbound' and m.id >= private.uuid_v7_floor(now() - private.answer_period())
    order by m.id desc limit 1), now())
$$;

-- When a text that the law's hours hold for may next arrive, until when, and in which zones. Where the number is does
-- not depend on whether the caller may see the lead.
create function private.legal_window(organization public.organizations, phone text, lead_id uuid,
  out sends_at timestamptz, out closes_at timestamptz, out zone text)
language plpgsql stable set search_path = '' set enable_seqscan = off set jit = off
as $$
declare
  lead public.leads;
begin
  select * into lead from public.leads l where l.organization_id = organization.id and l.id = legal_window.lead_id;
  select coalesce(w.sends_at, now() + interval '1 day'), w.closes_at, w.zone into sends_at, closes_at, zone
  from private.contact_window(organization, 'marketing', phone, lead.country, lead.region, lead.time_zone, now()) w;
end
$$;

-- When a text that a person writes to a number may arrive: as an answer within the organization's hours, otherwise within
-- the law's.
create function private.person_sends_at(organization public.organizations, phone text, lead_id uuid)
returns timestamptz
language sql stable set search_path = ''
as $$
  select case when private.legal_hours_from(organization.id, phone) > now()
    then private.next_sending_time(organization, now())
    else (select w.sends_at from private.legal_window(organization, phone, lead_id) w) end
$$;
