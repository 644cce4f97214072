-- Security definer because roles whose deletes cascade to campaigns may not write targets.
create function private.delete_campaign_targets()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  delete from public.campaign_targets t where t.campaign_id in (select c.id from old_rows c);
  return null;
end
$$;
