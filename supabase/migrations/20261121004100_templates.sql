-- Templates for campaigns: several wordings of one message, each with a weight, and variables of a lead with fallbacks.

alter table public.templates
  add column category text not null default 'service' constraint templates_category check (category in ('service', 'marketing')),
  add column weight integer not null default 1 constraint templates_weight check (weight between 0 and 1000),
  add constraint templates_organization_key unique (organization_id, id);
comment on column public.templates.weight is 'How often the template''s own body is taken beside its variants''.';
-- Both are written by functions only: they mean something together with the variants, which no policy sees.

create table public.template_variants (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null,
  template_id uuid not null,
  label text not null constraint template_variants_label_length check (char_length(btrim(label)) between 1 and 50),
  body text not null constraint template_variants_body_length check (char_length(body) between 1 and 1600),
  weight integer not null default 1 constraint template_variants_weight check (weight between 0 and 1000),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint template_variants_label_unique unique (organization_id, template_id, label),
  constraint template_variants_template foreign key (organization_id, template_id)
    references public.templates (organization_id, id) on delete cascade
);
comment on table public.template_variants is
  'Further wordings of a template, for comparison. Which one a recipient gets depends on the recipient alone.';

alter table public.template_variants enable row level security;
create policy "those who may read templates read their variants" on public.template_variants for select to authenticated
  using (organization_id = any ((select private.organizations_with('templates:read'))::uuid[]));
revoke all on public.template_variants from public, anon, authenticated, service_role;
grant select on public.template_variants to authenticated, service_role;
create trigger touch before update on public.template_variants
  for each row execute function private.touch_updated_at();
select private.audit_table('public.template_variants');

-- Every wording of a template: its own body under the template's id, and its variants.
create view private.template_wordings as
  select t.organization_id, t.id as template_id, t.id as variant_id, t.body, t.weight from public.templates t
  union all
  select v.organization_id, v.template_id, v.id, v.body, v.weight from public.template_variants v;

-- What a lead gives to a text. Values of custom fields are `custom.<key>`.
create function private.lead_variables(lead public.leads, organization text)
returns jsonb
language plpgsql stable set search_path = ''
as $$
declare
  variables jsonb := jsonb_strip_nulls(jsonb_build_object('first_name', nullif(lead.first_name, ''),
    'last_name', nullif(lead.last_name, ''), 'full_name', nullif(lead.full_name, ''), 'name', nullif(lead.full_name, ''),
    'email', lead.email, 'phone', lead.phone, 'source', lead.source, 'region', lead.region, 'country', lead.country,
    'organization', organization));
begin
  if lead.custom_fields <> '{}' then
    variables := variables || coalesce((
      select jsonb_object_agg('custom.' || f.key, case jsonb_typeof(f.value) when 'string' then f.value else to_jsonb(f.value::text) end)
      from jsonb_each(lead.custom_fields) f where jsonb_typeof(f.value) in ('string', 'number')), '{}');
  end if;
  return variables;
end
$$;

-- The text with its variables filled in: {{first_name|there}} takes what follows the bar where there is no value. Null
-- when a variable without fallback has no value: a text with a hole in it is not sent. What is blank is no value. Values
-- are never read as templates.
create function private.filled(body text, variables jsonb)
returns text
language plpgsql immutable set search_path = ''
as $$
declare
  parts text[] := string_to_array(body, '{{');
  answer text := parts[1];
  inside text;
  value text;
begin
  -- Every part but the first begins right after a "{{".
  for i in 2..cardinality(parts) loop
    inside := split_part(parts[i], '}}', 1);
    value := coalesce(case when variables ->> btrim(split_part(inside, '|', 1)) ~ '\S' then variables ->> btrim(split_part(inside, '|', 1)) end,
      case when position('|' in inside) > 0 then btrim(substr(inside, position('|' in inside) + 1)) end);
    if value is null then
      return null;
    end if;
    answer := answer || value || substr(parts[i], char_length(inside) + 3);
  end loop;
  return answer;
end
$$;

-- Public link shorteners: carriers filter texts that hide where a link leads (AT&T code of conduct).
create table private.link_shorteners (
  host text primary key constraint link_shorteners_form check (host = lower(host) and host ~ '^[a-z0-9.-]+\.[a-z]+$'),
  source text not null,
  effective_from date not null default '2024-01-01',
  effective_to date
);
insert into private.link_shorteners (host, source)
select h, 'public link shortener; AT&T code of conduct' from unnest(array['bit.ly', 'tinyurl.com', 'goo.gl', 't.co', 'ow.ly',
  'is.gd', 'buff.ly', 'cutt.ly', 'rebrand.ly', 'rb.gy', 'tiny.cc', 'shorturl.at', 'bl.ink', 't.ly', 'v.gd', 'soo.gd', 's.id',
  'shorte.st', 'adf.ly', 'lnkd.in', 'trib.al', 'dlvr.it', 'x.co', 'snip.ly', 'short.io', 'tr.im', 'qr.ae', 'u.to']) h;

-- What stands below such a host ("www.tinyurl.com") is its own too.
create function private.shortener_fault(body text)
returns text
language sql stable set search_path = ''
as $$
  select 'has a link by a public shortener: ' || s.host from private.link_shorteners s
  where s.effective_from <= current_date and (s.effective_to is null or s.effective_to >= current_date)
    and lower(body) ~ ('(^|[^a-z0-9-])' || replace(s.host, '.', '\.') || '([^a-z0-9.-]|$)')
  order by s.host limit 1
$$;

-- Whether a text says how to end further ones. STOP in capitals does, but not in a shout ("STOP BY TODAY", "NON-STOP"); the
-- other keywords are everyday words ("END OF SEASON"), and so is stop: those count where one is told to text them. What
-- stands in a variable does not count, as most recipients never see it.
create function private.says_way_out(body text)
returns boolean
language sql immutable set search_path = ''
as $$
  select t.said ~* '\munsubscribe\M|\mopt.?out\M'
    or t.said ~ '(?<![[:alnum:]_-])(?<![A-Z]{2} )(STOP|ARRET|ARRÊT)(?![[:alnum:]_-])(?! ([A-Z]{2}|(by|in|into|at|over|for|and)\M))'
    or t.said ~* ('\m(reply|respond|answer|text|txt|send|r[eé]pondez|envoyez|responda|responde|env[ií][ae])\M( with| back)?[^[:alnum:]]{1,3}'
      || '(stop|end|quit|cancel|arr[eê]t|alto|baja)\M')
    or t.said ~* ('\m(stop|quit|cancel|arr[eê]t|alto|baja)[^[:alnum:]]{0,2}(to|2|=|pour|para)[^[:alnum:]]?'
      || '(end|opt|unsub|cancel|quit|stop|leave|salir|arr[eê]ter)')
  from (select regexp_replace(body, '\{\{[^{}]*\}\}', '~', 'g') as said) t
$$;

-- The normal form of a marketing text: {{variable}} or {{variable|fallback}}. Strict about variables it does not know,
-- braces that do not pair, links that hide where they lead, and a missing way out.
create function private.checked_marketing_text(organization_id uuid, body text, path text default 'body')
returns text
language plpgsql stable set search_path = ''
as $$
declare
  known constant text[] := array['first_name', 'last_name', 'full_name', 'name', 'email', 'phone', 'source', 'region', 'country',
    'organization'];
  fault text;
begin
  fault := case
    when body ~ '\{\{\{|\}\}\}' or regexp_replace(body, '\{\{[^{}]*\}\}', '', 'g') ~ '\{\{|\}\}' then 'has braces that do not pair'
    else (
      select 'has unknown variables: ' || string_agg(distinct v.name, ', ')
      from (
        select btrim(split_part(m[1], '|', 1)) as name from regexp_matches(body, '\{\{([^{}]*)\}\}', 'g') m
      ) v
      where v.name <> all (known) and not exists (
        select from public.lead_fields f
        where f.organization_id = checked_marketing_text.organization_id and 'custom.' || f.key = v.name)) end;
  fault := coalesce(fault, private.shortener_fault(body));
  fault := coalesce(fault, case when not private.says_way_out(body) then
    'does not say how to opt out, such as "Reply STOP to opt out"' end);
  if fault is not null then
    perform private.problem(422, 'invalid_template', 'The text ' || fault || '.',
      jsonb_build_array(jsonb_build_object('path', path, 'message', fault)));
  end if;
  return regexp_replace(regexp_replace(body, '\{\{\s*([^{}|]*?)\s*\}\}', '{{\1}}', 'g'),
    '\{\{\s*([^{}|]*?)\s*\|\s*([^{}]*?)\s*\}\}', '{{\1|\2}}', 'g');
end
$$;

-- Texts of service know the variables of customers. Those of a kind are what the operator's own steps send, as ever.
create function private.checked_service_text(body text, kind text, path text default 'body')
returns text
language plpgsql stable set search_path = ''
as $$
declare
  known constant text[] := array['name', 'account_number', 'arrears', 'organization'];
  fault text := case when kind = 'custom' then private.shortener_fault(body) end;
begin
  fault := coalesce(fault, (
    select 'has unknown variables: ' || string_agg(distinct v[1], ', ') from regexp_matches(body, '\{\{\s*([^{}]*?)\s*\}\}', 'g') v
    where v[1] <> all (known)));
  if fault is not null then
    perform private.problem(422, 'invalid_template', 'The text ' || fault || '.',
      jsonb_build_array(jsonb_build_object('path', path, 'message', fault)));
  end if;
  return private.checked_template(body);
end
$$;

-- Not as one expression: the planner would evaluate an immutable check before it knows which is wanted.
create function private.checked_wording(template public.templates, body text, path text default 'body')
returns text
language plpgsql stable set search_path = ''
as $$
begin
  if template.category = 'marketing' then
    return private.checked_marketing_text(template.organization_id, body, path);
  end if;
  return private.checked_service_text(body, template.kind, path);
end
$$;

-- Definer: the words of the trade are in tables that nobody reads.
create or replace function private.check_template()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  new.body := private.checked_wording(new, new.body);
  return new;
end
$$;
drop trigger check_body on public.templates;
create trigger check_body before insert or update of body, category on public.templates
  for each row execute function private.check_template();

-- Definer: the template is read whatever the writer may see; the policy of its own table judged that before.
create function private.check_template_variant()
returns trigger
language plpgsql security definer set search_path = ''
as $$
declare
  template public.templates;
begin
  select * into template from public.templates t where t.organization_id = new.organization_id and t.id = new.template_id;
  new.body := private.checked_wording(template, new.body);
  return new;
end
$$;
create trigger check_body before insert or update of body on public.template_variants
  for each row execute function private.check_template_variant();
