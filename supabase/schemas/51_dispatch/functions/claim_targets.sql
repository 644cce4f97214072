-- Claims targets of these campaigns. The key share lock makes a person's pause wait for the claims under way and no
-- longer: after it has committed nothing more is claimed. A campaign that somebody is changing is passed over. Where
-- a batch has nobody to text now (a whole zone outside its hours) the next one is checked, for at most 100 ms. At
-- most five hundred targets in all: each recipient with a cap is locked until the end, and the table of locks is
-- shared by all.
create function private.claim_targets(batch_size integer, campaign_ids uuid[], half_open uuid[], platform jsonb)
returns jsonb
language plpgsql set search_path = ''
as $$
declare
  campaign public.campaigns;
  campaign_id uuid;
  result jsonb;
  claimed jsonb := '[]'::jsonb;
  checked integer := 0;
  deadline constant timestamptz := clock_timestamp() + interval '100 milliseconds';
begin
  foreach campaign_id in array campaign_ids loop
    exit when jsonb_array_length(claimed) >= batch_size or checked >= 500;
    select * into campaign from public.campaigns c where c.id = campaign_id and c.status = 'running' for key share skip locked;
    continue when campaign.id is null;
    loop
      result := private.claim_campaign(campaign, batch_size - jsonb_array_length(claimed), half_open, platform);
      claimed := claimed || (result -> 'messages');
      checked := checked + (result ->> 'checked')::integer;
      exit when jsonb_array_length(claimed) >= batch_size or result -> 'checked' = '0' or checked >= 500 or clock_timestamp() > deadline;
    end loop;
  end loop;
  return claimed;
end
$$;
