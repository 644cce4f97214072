-- Those of these recipients who are below all of their limits. A text counts when it was last handed to the provider: one
-- that was refused may have waited for its second attempt, in a paused campaign for weeks.
create function private.under_frequency_cap(organization_id uuid, limits private.frequency_limit[])
returns text[]
language plpgsql stable set search_path = '' set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set jit = off
as $$
declare
  oldest constant uuid := private.uuid_v7_floor((select min(l.since) from unnest(limits) l) - interval '31 days');
begin
  return array(
    select l.phone from unnest(limits) l
    group by l.phone
    having bool_and((
      -- By the recipient alone (`is not distinct from` uses no index), a spelling at a time: while the statistics do not know
      -- a month's partition yet, the planner would walk all texts of the organization for each recipient.
      select sum(c.texts) from unnest(private.phone_spellings(l.phone)) s
      cross join lateral (
        select count(*) as texts from public.messages m
        where m.organization_id is not distinct from under_frequency_cap.organization_id and m.to_number = s
          and m.category = 'marketing' and m.direction = 'outbound'
          and m.status in ('queued', 'sending', 'sent', 'delivered', 'undelivered')
          and m.id >= oldest and coalesce(m.sending_at, m.created_at) >= l.since
          and m.id is distinct from l.except_message
      ) c
    ) < l.max_messages));
end
$$;

-- Those of these recipients who must not be texted now: they have had enough, or (busy) another claim, which is not over,
-- may be texting them. Claims take turns at a recipient, not at an organization, and nobody waits: a claim that does not
-- get the lock tries later. What is counted under the lock holds, since it sees what the last who had it has written.
create function private.frequency_capped(organization_id uuid, limits private.frequency_limit[])
returns table (phone text, busy boolean)
language plpgsql set search_path = ''
as $$
declare
  mine constant text[] := array(
    select r.phone from (select distinct l.phone from unnest(limits) l) r
    where pg_try_advisory_xact_lock(hashtextextended('recipient|' || organization_id || '|' || private.one_spelling(r.phone), 0)));
  free constant text[] := private.under_frequency_cap(organization_id, array(select l from unnest(limits) l where l.phone = any (mine)));
begin
  return query
    select distinct l.phone, l.phone <> all (mine) from unnest(limits) l where l.phone <> all (free);
end
$$;
