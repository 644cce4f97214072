-- Targets of these campaigns. The key share lock lets a person's pause wait for the claims under way and no longer: after
-- it has committed nothing more is claimed. A campaign that somebody is changing is passed over. Where a group has nobody
-- to text now (a whole zone asleep), the next is looked at, for a moment. Of no more than five hundred in all: each who is
-- concerned by a cap is locked until the end, and the table of locks is everybody's.
create function private.claim_targets(batch_size integer, campaign_ids uuid[], probing uuid[], platform jsonb)
returns jsonb
language plpgsql set search_path = ''
as $$
declare
  campaign public.campaigns;
  campaign_id uuid;
  found_some jsonb;
  claimed jsonb := '[]'::jsonb;
  examined integer := 0;
  ends constant timestamptz := clock_timestamp() + interval '100 milliseconds';
begin
  foreach campaign_id in array campaign_ids loop
    exit when jsonb_array_length(claimed) >= batch_size or examined >= 500;
    select * into campaign from public.campaigns c where c.id = campaign_id and c.status = 'running' for key share skip locked;
    continue when campaign.id is null;
    loop
      found_some := private.claim_campaign(campaign, batch_size - jsonb_array_length(claimed), probing, platform);
      claimed := claimed || (found_some -> 'messages');
      examined := examined + (found_some ->> 'judged')::integer;
      exit when jsonb_array_length(claimed) >= batch_size or found_some -> 'judged' = '0' or examined >= 500 or clock_timestamp() > ends;
    end loop;
  end loop;
  return claimed;
end
$$;
