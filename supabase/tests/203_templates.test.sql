-- Templates: who may do what, and how variables are filled in.
begin;
\ir support.inc
select no_plan();
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
  ('tinyurl.com', true), (U&'bit\200B.ly/x', true), ('ｂｉｔ．ｌｙ/x', true)) as f (body, wanted);

select is(private.normal_placeholders(body), normal, format('%s becomes %s', body, normal))
from (values ('{{ a }}', '{{a}}'), (E'{{a\n}}', '{{a}}'), (E'{{\u00A0a\t|\u2003b c \u3000}}', '{{a|b c}}'), ('{{a|}}', '{{a|}}'),
  ('{{a| }}', '{{a|}}'), ('{{ a b }}', '{{a b}}'), ('{{}}', '{{}}'), ('{{ | x }}', '{{|x}}'), ('{{a|b|c }}', '{{a|b|c}}'),
  ('{ a }', '{ a }'), ('{{ a ', '{{ a '), ('{{a{{ b }}', '{{a{{b}}'), (' }} ', ' }} ')) v (body, normal);
select is(private.text_fault(body), fault, coalesce(quote_literal(body) || ': ' || fault, quote_literal(body)))
from (values ('Dear {{name}}', null), ('Dear {{name', 'has braces that do not pair'), ('name}}', 'has braces that do not pair'),
  ('{{{name}}}', 'has braces that do not pair'), ('{first_name}', null), (U&'\200B', 'has nothing that can be seen'),
  (U&' \00A0\2063\FEFF', 'has nothing that can be seen'), ('😀', null), (U&'a\200B', null)) v (body, fault);

select is(w.by_reply or w.otherwise, wanted, coalesce(body, 'null') || case
  when wanted then ' says how to opt out' else ' does not' end)
from (values ('Sale. Reply STOP to end', true), ('Sale! STOP', true), ('SALE NOW! STOP=end', true),
  ('REPLY STOP TO OPT OUT', true), ('Txt STOP2END', true), ('Text "end" to opt-out', true), ('send QUIT', true),
  ('Répondez ARRÊT', true), ('STOP au 36180', true), ('Responda ALTO para salir', true), ('BAJA para salir', true),
  ('Unsubscribe: example.com/u', true), ('opt out at example.com', true),
  ('END OF SEASON SALE', false), ('STOP BY TODAY', false), ('STOP by today', false), ('A NON-STOP SALE', false),
  ('THE END is near', false), ('CANCEL any time', false), ('BUS STOP SALE', false), ('end to end encrypted', false),
  ('Baja California', false), ('', false), ('Hi {{first_name|Reply STOP to end}}', false),
  ('Hi {{custom.opt_out|}}', false), ('Hi {{first_name|unsubscribe}}', false),
  ('Unsubscribe never', false), ('Sale at acme.com! Stop by today', false), ('Reply UNSUBSCRIBE', true),
  ('To unsubscribe call 0302 123456', true), ('acme.com/u to opt out', true), ('To stop texts: acme.com/u', true)
) as f (body, wanted) cross join lateral private.opt_out_ways(body) w;
select is((private.opt_out_ways(body)).otherwise, wanted, format('%s works %s a reply.', body,
  case when wanted then 'without' else 'only by' end))
from (values ('Reply STOP to opt out', false), ('Opt out: acme.com/u', true), ('STOP or acme.com/u to unsubscribe', true),
  ('Shop at acme.com. Reply STOP to end', false)) v (body, wanted);
select is(tests.outcome('admin', change), '42501', 'Columns that belong together with the variants are not written directly: '
  || change)
from unnest(array['update public.templates set category = ''marketing''', 'update public.templates set weight = 0',
  format('insert into public.templates (organization_id, name, body, category)
    values (%L, ''x'', ''STOP'', ''marketing'')', tests.id('ours'))]) as c (change);
select * from finish();
rollback;
