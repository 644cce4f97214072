-- What people reply, and what follows from it. A reply is classified by rules that are rows: a keyword is the whole
-- reply, a phrase a pattern found in it. The law wants any reasonable words honoured as an opt-out (47 CFR
-- 64.1200(a)(10)), so phrases are broad; but "can I stop by tomorrow?" must not unsubscribe anybody. Between the two a
-- person decides (reply_reviews), and until then only confirmations and help are sent to the number. An opt-out
-- suppresses the number, goes into the consent ledger and is confirmed once, all in the transaction that records the
-- reply.

-- Rows without an organization apply to all; an organization adds its own words and languages.
create table public.reply_rules (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid references public.organizations (id) on delete cascade,
  kind text not null constraint reply_rules_kind check (kind in ('keyword', 'phrase', 'not_phrase')),
  meaning text not null constraint reply_rules_meaning check (meaning in ('stop', 'start', 'help', 'doubtful')),
  language text not null default 'en' constraint reply_rules_language check (language ~ '^[a-z]{2,3}$'),
  pattern text not null,
  source text not null constraint reply_rules_source_length check (char_length(source) between 1 and 500)
    constraint reply_rules_source_plain check (private.is_plain(source)),
  effective_from date not null default '2024-01-01',
  effective_to date,
  undoes_only boolean not null default false,
  answers_question boolean not null default false,
  as_written boolean not null default false constraint reply_rules_as_written check (not as_written or kind = 'phrase'),
  literals text[],
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint reply_rules_once unique nulls not distinct (organization_id, kind, language, pattern),
  constraint reply_rules_pattern_length
    check (char_length(pattern) between 1 and case when organization_id is null then 3000 else 1000 end),
  constraint reply_rules_pattern_plain check (private.is_plain(pattern))
);
comment on column public.reply_rules.undoes_only is
  'A word that also answers ordinary questions (YES): it counts only for a number that has opted out.';
comment on table public.reply_rules is
  'Words and phrases of replies and what they mean. A keyword is the whole reply, a phrase a pattern found in it. '
  'What a not_phrase matches does not count; where an organization''s own not_phrase matches, a person decides about '
  'what the system''s rules found.';
comment on column public.reply_rules.answers_question is
  'A word that also answers a question (NO): it does not count if our last message to the number asks one.';
comment on column public.reply_rules.as_written is
  'The pattern is matched against the reply as written, without quotations, where capitals and punctuation count. '
  'Others are matched against the normalized reply.';
comment on column public.reply_rules.literals is
  'Of a phrase: texts of which a reply must contain one to match, as patterns of LIKE (see required_literals). Null: '
  'none are certain.';

create index reply_rules_organization on public.reply_rules (organization_id);
create index reply_rules_keywords on public.reply_rules (pattern) where kind = 'keyword';
create index reply_rules_phrases on public.reply_rules (organization_id, id) where kind <> 'keyword';

alter table public.reply_rules enable row level security;

create policy "everyone reads the system's rules, members their organization's"
  on public.reply_rules for select to authenticated
  using (organization_id is null or organization_id = any ((select private.my_organizations())::uuid[]));

revoke all on public.reply_rules from public, anon, authenticated, service_role;
grant select on public.reply_rules to authenticated, service_role;

create trigger set_updated_at before update on public.reply_rules
  for each row execute function private.set_updated_at();
create trigger check_rule before insert or update on public.reply_rules
  for each row execute function private.check_reply_rule();

select private.audit_table('public.reply_rules');


create type private.reply_phrase as (
  id uuid, kind text, meaning text, pattern text, as_written boolean, by_organization boolean
);


create table public.reply_reviews (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  phone text not null constraint reply_reviews_phone_e164 check (phone ~ '^\+[1-9][0-9]{6,14}$'),
  message_id uuid not null,
  last_message_id uuid,
  rule_id uuid,
  status text not null default 'open'
    constraint reply_reviews_status check (status in ('open', 'opt_out', 'dismissed')),
  decided_by uuid references public.profiles (id) on delete set null,
  decided_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint reply_reviews_decided check ((status = 'open') = (decided_at is null))
);
comment on table public.reply_reviews is
  'Replies that may be an opt-out. While one is open, only confirmations and help are sent to its number.';
comment on column public.reply_reviews.last_message_id is
  'The latest further reply that needs review, received while the review was open.';
comment on column public.reply_reviews.decided_by is 'Null in a closed review: the number sent a clear reply later.';

create unique index reply_reviews_one_open on public.reply_reviews (organization_id, phone) where status = 'open';
create index reply_reviews_listing on public.reply_reviews (organization_id, id desc);
create index reply_reviews_decided_by on public.reply_reviews (decided_by);

alter table public.reply_reviews enable row level security;

create policy "those who may read suppressions read the reviews" on public.reply_reviews for select to authenticated
  using (organization_id = any ((select private.organizations_with('suppressions:read'))::uuid[]));

revoke all on public.reply_reviews from public, anon, authenticated, service_role;
grant select on public.reply_reviews to authenticated, service_role;

create trigger set_updated_at before update on public.reply_reviews
  for each row execute function private.set_updated_at();

select private.audit_table('public.reply_reviews');

create trigger cancel_automatic_replies after update of status on public.sms_accounts
  for each row when (new.status = 'disabled' and old.status <> 'disabled')
  execute function private.cancel_automatic_replies();
