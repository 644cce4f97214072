-- Campaigns: who may read and change them, and that no role bypasses the functions.
begin;
\ir support.inc
select plan(138);
do $$
begin
  perform tests.arrange();
  insert into public.templates (id, organization_id, name, category, body) values
    (tests.remember('template', private.uuid_v7()), tests.id('ours'), 'Open day', 'marketing',
      'Hi {{first_name|there}}. Reply STOP to opt out.');
  insert into public.campaigns (id, organization_id, name, audience) values
    (tests.remember('campaign', private.uuid_v7()), tests.id('ours'), 'Open day', '{"filter": {}}'),
    (tests.remember('theirs campaign', private.uuid_v7()), tests.id('theirs'), 'Closed day', '{"filter": {}}');
  insert into public.campaign_templates (organization_id, campaign_id, template_id)
  values (tests.id('ours'), tests.id('campaign'), tests.id('template'));
end
$$;

select tests.only('{admin,campaign_manager,viewer}', 'see a campaign', '0', $$select from public.campaigns
  where id = tests.id('campaign')$$);
select tests.only('{admin,campaign_manager,viewer}', 'see its templates', '0', $$select from public.campaign_templates
  where campaign_id = tests.id('campaign')$$);
select tests.only('{admin,campaign_manager,viewer}', 'read a campaign', 'PT403',
  $$select public.get_campaign(tests.id('ours'), tests.id('campaign'))$$);
select tests.only('{admin,campaign_manager,viewer}', 'list campaigns', 'PT403',
  $$select public.list_campaigns(tests.id('ours'), '{}', 50, 0)$$);
select tests.only('{admin,campaign_manager,viewer}', 'list targets', 'PT403',
  $$select public.list_targets(tests.id('ours'), tests.id('campaign'), '{}', 0, 50, 0)$$);
select tests.only('{admin,campaign_manager}', 'add a campaign', 'PT403',
  $$select public.create_campaign(tests.id('ours'), '{"name": "x", "audience": {"filter": {}}}')$$);
select tests.only('{admin,campaign_manager}', 'change a campaign', 'PT403',
  $$select public.update_campaign(tests.id('ours'), tests.id('campaign'), '{"name": "y"}')$$);
select tests.only('{admin,campaign_manager}', 'start a campaign', 'PT403',
  $$select public.start_campaign(tests.id('ours'), tests.id('campaign'))$$);
select tests.only('{admin,campaign_manager}', 'delete a campaign', 'PT403',
  $$select public.delete_campaign(tests.id('ours'), tests.id('campaign'))$$);
select tests.only('{}', 'write campaigns directly', '42501', $$update public.campaigns set name = 'x'$$);
select tests.only('{}', 'write targets directly', '42501', $$delete from public.campaign_targets$$);

select is(tests.outcome('admin', format('select public.%s(tests.id(''ours''), tests.id(%L))', call, 'theirs campaign')),
  'PT404', format('%s finds no campaign of another organization.', call))
from unnest(array['get_campaign', 'start_campaign', 'delete_campaign', 'preview_campaign']) call;
select is(tests.outcome('service_role', $$select public.snapshot_audience_batch()$$), '1',
  'Only jobs take audience snapshots.');
select is(tests.outcome('admin', $$select public.snapshot_audience_batch()$$), '42501', 'People do not.');

select * from finish();
rollback;
