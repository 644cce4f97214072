-- Templates: who may do what, and how variables are filled in.
begin;
\ir support.inc
select plan(35);
do $$ begin
  perform tests.arrange();
  perform tests.remember('template', (select t.id from public.templates t where t.organization_id = tests.id('ours') and t.kind = 'warning'));
end $$;
grant execute on all functions in schema tests to public;

select tests.only(array['admin', 'campaign_manager', 'operator', 'viewer'], 'read a template', 'PT403',
  format('select public.get_template(%L, %L)', tests.id('ours'), tests.id('template')));
select tests.only(array['admin', 'campaign_manager'], 'change a template', 'PT403',
  format('select public.update_template(%L, %L, ''{"name": "x"}'')', tests.id('ours'), tests.id('template')));
select is(tests.outcome('admin', format('insert into public.template_variants (organization_id, template_id, label, body) values (%L, %L, ''x'', ''y'')',
  tests.id('ours'), tests.id('template'))), '42501', 'Variants are written by functions only.');

select is(private.filled(body, '{"first_name": "Ama {{x}}"}'), wanted, body)
from (values ('Hi {{first_name}}', 'Hi Ama {{x}}'), ('Hi {{last_name}}', null), ('Hi {{last_name|you}}!', 'Hi you!'),
  ('Hi {{last_name|}}!', 'Hi !'), ('plain', 'plain')) as f (body, wanted);
select is(private.shortener_fault(body) is not null, wanted, body)
from (values ('see bit.ly/x', true), ('see HTTPS://T.CO/x', true), ('rabbit.ly', false), ('see t.company', false), ('bit.lyx', false)) as f (body, wanted);
select * from finish();
rollback;
