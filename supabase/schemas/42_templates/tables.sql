-- Message templates. A service template has one body with variables of a customer; built-in ones (kind) are what the
-- customer actions send. A marketing template may have variants with weights, and variables of a lead with fallbacks
-- ({{first_name|there}}); it must say how to opt out. Which variant a recipient gets depends on the recipient alone and
-- is fixed in the audience snapshot: therefore templates of a campaign under way change only while it is paused, and no
-- variant that recipients were given is deleted.

create table public.templates (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  kind text not null default 'custom'
    constraint templates_kind check (kind in ('warning', 'disconnection', 'connection', 'custom')),
  name text not null constraint templates_name_length check (char_length(btrim(name)) between 1 and 100)
    constraint templates_name_plain check (private.is_plain(name)),
  body text not null constraint templates_body_length
    check (private.utf16_length(body) between 1 and 1600) constraint templates_body_multiline
    check (private.is_multiline(body)),
  category text not null default 'service' constraint templates_category check (category in ('service', 'marketing')),
  weight integer not null default 1 constraint templates_weight check (weight between 0 and 1000),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint templates_name_unique unique (organization_id, name),
  constraint templates_organization_key unique (organization_id, id)
);
comment on table public.templates is 'Texts with {{name}}, {{account_number}}, {{arrears}} and {{organization}}.';
comment on column public.templates.weight is 'Weight of the template''s own body beside those of its variants.';

create unique index templates_one_of_kind on public.templates (organization_id, kind) where kind <> 'custom';

alter table public.templates enable row level security;

create policy "those who may read templates read their organization's" on public.templates for select to authenticated
  using (organization_id = any ((select private.organizations_with('templates:read'))::uuid[]));
create policy "those who may write templates add them" on public.templates for insert to authenticated
  with check (organization_id = any ((select private.organizations_with('templates:write'))::uuid[]));
create policy "those who may write templates change them" on public.templates for update to authenticated
  using (organization_id = any ((select private.organizations_with('templates:write'))::uuid[]))
  with check (organization_id = any ((select private.organizations_with('templates:write'))::uuid[]));
create policy "those who may write templates delete them" on public.templates for delete to authenticated
  using (organization_id = any ((select private.organizations_with('templates:write'))::uuid[]));

revoke all on public.templates from public, anon, authenticated, service_role;
grant select on public.templates to authenticated, service_role;
grant insert (organization_id, kind, name, body), update (name, body), delete on public.templates to authenticated;

create trigger set_updated_at before update on public.templates
  for each row execute function private.set_updated_at();
create trigger check_body before insert or update of body, category on public.templates
  for each row execute function private.check_template();
create trigger enforce_rules before insert or update or delete on public.templates
  for each row execute function private.enforce_template_rules();

select private.audit_table('public.templates');


create table public.template_variants (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null,
  template_id uuid not null,
  label text not null constraint template_variants_label_length check (char_length(btrim(label)) between 1 and 50)
    constraint template_variants_label_plain check (private.is_plain(label)),
  body text not null constraint template_variants_body_length
    check (private.utf16_length(body) between 1 and 1600) constraint template_variants_body_multiline
    check (private.is_multiline(body)),
  weight integer not null default 1 constraint template_variants_weight check (weight between 0 and 1000),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint template_variants_label_unique unique (organization_id, template_id, label),
  constraint template_variants_template foreign key (organization_id, template_id)
    references public.templates (organization_id, id) on delete cascade
);
comment on table public.template_variants is
  'Further bodies of a template, for comparison. Which one a recipient gets depends on the recipient alone.';

alter table public.template_variants enable row level security;

create policy "those who may read templates read their variants" on public.template_variants for select to authenticated
  using (organization_id = any ((select private.organizations_with('templates:read'))::uuid[]));

revoke all on public.template_variants from public, anon, authenticated, service_role;
grant select on public.template_variants to authenticated, service_role;

create trigger set_updated_at before update on public.template_variants
  for each row execute function private.set_updated_at();
create trigger check_body before insert or update of body on public.template_variants
  for each row execute function private.check_template_variant();

select private.audit_table('public.template_variants');


-- All bodies of a template: its own under the template's id, and those of its variants.
create view private.template_bodies as
  select t.organization_id, t.id as template_id, t.id as variant_id, t.body, t.weight from public.templates t
  union all
  select v.organization_id, v.template_id, v.id, v.body, v.weight from public.template_variants v;


-- Public link shorteners: carriers filter messages that hide the target of a link (AT&T code of conduct).
create table private.link_shorteners (
  host text primary key constraint link_shorteners_form check (host = lower(host) and host ~ '^[a-z0-9.-]+\.[a-z]+$'),
  source text not null,
  effective_from date not null default '2024-01-01',
  effective_to date
);
