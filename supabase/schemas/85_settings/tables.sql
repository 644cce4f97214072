-- Everything that an organization sets, in one catalogue: what GET and PATCH /admin/settings show, check and change. The
-- values stay in the tables of their domains, whose constraints have the last word.

create table private.settings (
  name text primary key constraint settings_name_form check (name ~ '^[a-z_]{2,50}$'),
  position smallint not null constraint settings_position unique,
  part text not null
    constraint settings_part check (part in ('organization', 'leads', 'calendar', 'churn', 'reports')),
  field text not null,
  permission text not null references private.permissions (name),
  type text not null constraint settings_type
    check (type in ('string', 'integer', 'number', 'boolean', 'array', 'object')),
  nullable boolean not null default false,
  minimum numeric,
  maximum numeric,
  choices text[],
  pattern text,
  unit text not null,
  default_value jsonb not null,
  description text not null,
  constraint settings_field_once unique (part, field),
  constraint settings_choices_of_string check (choices is null or type = 'string')
);
comment on table private.settings is
  'Everything that an organization sets: code, API document and tests read it. Lists whose entries have ids (fields, '
  'stages, segments, senders, templates) have endpoints of their own.';
comment on column private.settings.part is 'Where the value is: see private.settings_values.';
comment on column private.settings.permission is 'Who changes it, and sees it in GET /admin/settings.';
comment on column private.settings.type is 'As in JSON Schema.';
comment on column private.settings.minimum is 'Of a number; of a text its length, of a list its entries.';
comment on column private.settings.default_value is 'What a new organization has; JSON null: nothing.';

create index settings_permission on private.settings (permission);
