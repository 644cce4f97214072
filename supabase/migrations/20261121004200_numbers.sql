-- The pool of numbers. A number is an sms_account; here is what a number may carry: its rate, its daily cap, its health.
-- Rates are held in buckets that all dispatchers share: for a number, a campaign and an organization alike.

alter table public.sms_accounts
  add column number_type text
    constraint sms_accounts_number_type check (number_type in ('long_code', 'toll_free', 'short_code', 'alphanumeric')),
  add column label text constraint sms_accounts_label_length check (char_length(label) <= 100),
  add column per_second numeric(8, 2) constraint sms_accounts_per_second check (per_second > 0),
  add column daily_cap integer constraint sms_accounts_daily_cap check (daily_cap > 0),
  add column cap_zone text not null default 'America/Los_Angeles'
    constraint sms_accounts_cap_zone_known check (private.is_time_zone(cap_zone)),
  add column segment_price numeric(12, 5) constraint sms_accounts_segment_price check (segment_price >= 0),
  add column resting_until timestamptz,
  add column resting_reason text,
  add column watched_from timestamptz;
comment on column public.sms_accounts.per_second is 'Messages a second the carrier takes from this number; null: no limit of ours.';
comment on column public.sms_accounts.daily_cap is 'Messages a day, which begins at midnight in cap_zone (T-Mobile: US Pacific); null: no cap.';
comment on column public.sms_accounts.resting_until is 'The number fails too often; no campaign uses it until then.';

comment on column public.sms_accounts.watched_from is 'Failures before this moment do not rest the number: it has rested for them.';

-- What a sender can be, from its form alone. Toll-free codes: 47 CFR 52.111 and the codes assigned since.
create function private.sender_types(provider text, sender text)
returns text[]
language sql immutable set search_path = ''
as $$
  select case when provider = 'arkesel' then array['alphanumeric']
    when sender ~ '^[0-9]{5,6}$' then array['short_code']
    when sender ~ '^\+18(00|33|44|55|66|77|88)' then array['toll_free']
    else array['long_code', 'toll_free'] end
$$;
grant execute on function private.sender_types(text, text) to authenticated, service_role;
-- What carriers take from a number of the type, where nothing better is known (Twilio's published limits).
create function private.usual_per_second(number_type text)
returns numeric
language sql immutable set search_path = ''
as $$
  select case number_type when 'long_code' then 1 when 'toll_free' then 3 when 'short_code' then 30 end
$$;

update public.sms_accounts set number_type = (private.sender_types(provider, sender_id))[1];
alter table public.sms_accounts
  alter column number_type set not null,
  add constraint sms_accounts_type_fits check (number_type = any (private.sender_types(provider, sender_id)));

-- Whoever adds a sender without its type gets what its form says. Its rate is not guessed here: senders that stood before
-- this pool keep the pace that they had; the API gives a new number the usual one.
create function private.complete_sender()
returns trigger
language plpgsql set search_path = ''
as $$
begin
  new.number_type := coalesce(new.number_type, (private.sender_types(new.provider, new.sender_id))[1]);
  return new;
end
$$;
create trigger complete before insert on public.sms_accounts
  for each row execute function private.complete_sender();
grant update (label, number_type, per_second, daily_cap, cap_zone, segment_price) on public.sms_accounts to authenticated;
grant insert (label, number_type, per_second, daily_cap, cap_zone, segment_price) on public.sms_accounts to authenticated;

create table private.sending_buckets (
  id uuid primary key,
  tokens numeric not null,
  updated_at timestamptz not null default clock_timestamp(),
  day date,
  day_count integer not null default 0
);
comment on table private.sending_buckets is
  'What a number, a campaign or an organization (id) may still send this second and has sent today. Short-lived locks, taken in the order of ids.';

create type private.sending_limit as (id uuid, per_second numeric, daily_cap integer, cap_zone text, want integer);

-- Takes up to `want` sends from each bucket and answers how many each grants. A bucket holds at most one second's worth
-- (at least one message). Who gets fewer asks again when tokens have refilled.
create function private.take_sends(limits private.sending_limit[])
returns table (id uuid, granted integer)
language plpgsql set search_path = ''
as $$
begin
  insert into private.sending_buckets (id, tokens)
  select l.id, greatest(1, coalesce(l.per_second, 1)) from unnest(limits) l order by l.id
  on conflict on constraint sending_buckets_pkey do nothing;
  perform from private.sending_buckets b where b.id in (select l.id from unnest(limits) l) order by b.id for update;
  return query
    with state as (
      select b.id, l.want, l.per_second,
        case when l.per_second is null then null else least(greatest(1, l.per_second),
          b.tokens + l.per_second * extract(epoch from clock_timestamp() - b.updated_at)) end as tokens,
        (clock_timestamp() at time zone coalesce(l.cap_zone, 'UTC'))::date as today,
        case when b.day = (clock_timestamp() at time zone coalesce(l.cap_zone, 'UTC'))::date then b.day_count else 0 end as day_count,
        l.daily_cap
      from private.sending_buckets b join unnest(limits) l on l.id = b.id
    ), decided as (
      select s.*, greatest(0, least(s.want, coalesce(floor(s.tokens)::integer, s.want),
        coalesce(s.daily_cap - s.day_count, s.want))) as grants
      from state s
    )
    update private.sending_buckets b
    set tokens = coalesce(d.tokens - d.grants, b.tokens), updated_at = clock_timestamp(), day = d.today,
      day_count = d.day_count + d.grants
    from decided d where b.id = d.id
    returning b.id, d.grants;
end
$$;

-- Gives back what was taken and not used.
create function private.return_sends(ids uuid[], amounts integer[])
returns void
language sql set search_path = ''
as $$
  update private.sending_buckets b set tokens = b.tokens + r.amount, day_count = b.day_count - r.amount
  from (
    select u.id, u.amount::integer from unnest(ids, amounts) as u (id, amount) where u.amount > 0 order by u.id
  ) r
  where b.id = r.id
$$;

-- Which account at the provider a text goes through. Credentials change and numbers are given up while texts are under way;
-- the account that is there then knows nothing of them, and from that nothing follows.
alter table public.sms_accounts add column provider_account text;
alter table public.messages add column provider_account text;
comment on column public.sms_accounts.provider_account is
  'A fingerprint of the account whose credentials it has (see private.provider_account); null: it uses the platform''s.';
comment on column public.messages.provider_account is 'The fingerprint of the account that the latest attempt went through; null: not known.';
create index sms_accounts_provider_account on public.sms_accounts (provider_account) where provider_account is not null;

-- The same for an account however often its token changes, where the provider names accounts (Twilio); else of the key.
create function private.provider_account(provider text, credentials jsonb)
returns text
language sql immutable set search_path = ''
as $$
  select left(encode(sha256(convert_to(provider || ':' || coalesce(credentials ->> 'account_sid', credentials ->> 'api_key'), 'utf8')), 'hex'), 16)
$$;

with held as materialized (
  select a.id, a.provider, s.decrypted_secret from public.sms_accounts a join vault.decrypted_secrets s on s.id = a.credentials_secret_id
)
update public.sms_accounts a set provider_account = private.provider_account(h.provider, h.decrypted_secret::jsonb)
from held h where a.id = h.id;

-- As shipped, and says which account each belongs to.
create or replace function private.account_credentials(account_ids uuid[])
returns jsonb
language sql stable set search_path = ''
as $$
  select coalesce(jsonb_object_agg(a.id, s.decrypted_secret::jsonb || jsonb_build_object('provider_account', a.provider_account)), '{}')
  from public.sms_accounts a join vault.decrypted_secrets s on s.id = a.credentials_secret_id
  where a.id = any (account_ids)
$$;

-- As shipped, and keeps which account it is from now on.
create or replace function private.set_sms_credentials(account_id uuid, credentials jsonb)
returns void
language plpgsql security definer set search_path = ''
as $$
declare
  account public.sms_accounts;
begin
  select * into account from public.sms_accounts a
  where a.id = account_id and a.organization_id = any (private.organizations_with('organization:update')) for update;
  if account is null then
    perform private.problem(404, 'not_found', 'There is no such sender.');
  end if;
  if not (case account.provider when 'twilio' then credentials ?& array['account_sid', 'auth_token'] else credentials ? 'api_key' end) then
    perform private.problem(422, 'invalid_field', 'These are not credentials for ' || account.provider || '.',
      '[{"path": "credentials", "message": "lacks a key that the provider needs"}]');
  end if;
  if account.credentials_secret_id is not null then
    perform vault.update_secret(account.credentials_secret_id, credentials::text);
  end if;
  update public.sms_accounts a set
    credentials_secret_id = coalesce(a.credentials_secret_id, vault.create_secret(credentials::text, 'sms_account_' || account_id)),
    provider_account = private.provider_account(account.provider, credentials)
  where a.id = account_id;
end
$$;
