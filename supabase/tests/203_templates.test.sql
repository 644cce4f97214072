-- Templates: who may do what, and how variables are filled in.
begin;
\ir support.inc
select plan(68);
do $$ begin
  perform tests.arrange();
  perform tests.remember('template', (select t.id from public.templates t where t.organization_id = tests.id('ours')
    and t.kind = 'warning'));
end $$;
grant execute on all functions in schema tests to public;

select tests.only(array['admin', 'campaign_manager', 'operator', 'viewer'], 'read a template', 'PT403',
  format('select public.get_template(%L, %L)', tests.id('ours'), tests.id('template')));
select tests.only(array['admin', 'campaign_manager'], 'change a template', 'PT403',
  format('select public.update_template(%L, %L, ''{"name": "x"}'')', tests.id('ours'), tests.id('template')));
select is(tests.outcome('admin',
  format('insert into public.template_variants (organization_id, template_id, label, body)
    values (%L, %L, ''x'', ''y'')', tests.id('ours'), tests.id('template'))), '42501', 'Variants are written by functions only.');

select is(private.render_template_text(body, '{"first_name": "Ama {{x}}"}'), wanted, body)
from (values ('Hi {{first_name}}', 'Hi Ama {{x}}'), ('Hi {{last_name}}', null), ('Hi {{last_name|you}}!', 'Hi you!'),
  ('Hi {{last_name|}}!', 'Hi !'), ('plain', 'plain')) as f (body, wanted);
select is(private.shortener_fault(body) is not null, wanted, body)
from (values ('see bit.ly/x', true), ('see HTTPS://T.CO/x', true), ('rabbit.ly', false), ('see t.company', false),
  ('bit.lyx', false), ('see www.tinyurl.com/x', true), ('https://go.bit.ly/x', true), ('see x.co.za', false),
  ('tinyurl.com', true)) as f (body, wanted);

select is(private.has_opt_out_instructions(body), wanted, coalesce(body, 'null') || case
  when wanted then ' says how to opt out' else ' does not' end)
from (values ('Sale. Reply STOP to end', true), ('Sale! STOP', true), ('SALE NOW! STOP=end', true),
  ('REPLY STOP TO OPT OUT', true), ('Txt STOP2END', true), ('Text "end" to opt-out', true), ('send QUIT', true),
  ('Répondez ARRÊT', true), ('STOP au 36180', true), ('Responda ALTO para salir', true), ('BAJA para salir', true),
  ('Unsubscribe: example.com/u', true), ('opt out at example.com', true),
  ('END OF SEASON SALE', false), ('STOP BY TODAY', false), ('STOP by today', false), ('A NON-STOP SALE', false),
  ('THE END is near', false), ('CANCEL any time', false), ('BUS STOP SALE', false), ('end to end encrypted', false),
  ('Baja California', false), ('', false), ('Hi {{first_name|Reply STOP to end}}', false),
  ('Hi {{custom.opt_out|}}', false), ('Hi {{first_name|unsubscribe}}', false)) as f (body, wanted);
select is(tests.outcome('admin', change), '42501', 'Columns that belong together with the variants are not written directly: '
  || change)
from unnest(array['update public.templates set category = ''marketing''', 'update public.templates set weight = 0',
  format('insert into public.templates (organization_id, name, body, category)
    values (%L, ''x'', ''STOP'', ''marketing'')', tests.id('ours'))]) as c (change);
select * from finish();
rollback;
