-- The template bodies of a campaign as cumulative shares of its weight: the hash of a recipient's number falls into one
-- of them.
create function private.variant_shares(campaign public.campaigns)
returns table (variant_id uuid, low numeric, high numeric)
language sql stable set search_path = ''
as $$
  with shares as (
    select w.variant_id, c.weight::numeric * w.weight as weight,
      sum(c.weight::numeric * w.weight) over (order by w.template_id, w.variant_id) as high,
      sum(c.weight::numeric * w.weight) over () as whole
    from public.campaign_templates c
    join private.template_bodies w on w.organization_id = c.organization_id and w.template_id = c.template_id
    where c.organization_id = campaign.organization_id and c.campaign_id = campaign.id and c.weight * w.weight > 0
  )
  select s.variant_id, (s.high - s.weight) / s.whole, s.high / s.whole from shares s
$$;
