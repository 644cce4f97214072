-- The latest campaign message to a number in the 72 hours before its reply, preferably from the number that was replied
-- to. 72 hours, because people answer over a weekend, and later replies seldom answer the campaign. Service messages in
-- between do not matter: somebody who was asked by a campaign and talks to a person still answers the campaign.
create function private.campaign_message_answered(organization_id uuid, account_id uuid, phone text, at timestamptz)
returns uuid
language plpgsql stable set search_path = '' set jit = off
as $$
begin
  return (
    select m.id from public.messages m
    where m.organization_id = campaign_message_answered.organization_id
      and m.to_number = campaign_message_answered.phone
      and m.id >= private.uuid_v7_floor(at - private.reply_attribution_window()) and m.created_at <= at
      and m.campaign_id is not null and m.status in ('sending', 'sent', 'delivered', 'undelivered')
    order by m.account_id is not distinct from campaign_message_answered.account_id desc, m.id desc limit 1);
end
$$;

-- Security definer because the lookup must see messages for every writer.
create function private.attribute_reply_to_campaign()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  new.in_reply_to := private.campaign_message_answered(new.organization_id, new.account_id, new.from_number,
    new.created_at);
  return new;
end
$$;
