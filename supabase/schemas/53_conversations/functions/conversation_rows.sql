-- Conversations as the API shows them, in the order of the ids. Names of leads and customers are shown to callers who
-- may see them. The calling security definer function has checked conversations:read.
create function private.conversation_rows(organization_id uuid, ids uuid[])
returns jsonb
language plpgsql stable set search_path = ''
as $$
declare
  sees_customers constant boolean := organization_id = any (private.organizations_with('customers:read'));
  sees_leads constant boolean := organization_id = any (private.organizations_with('leads:read'));
begin
  return coalesce((
    select jsonb_agg(to_jsonb(c) - 'organization_id' - 'last_message_id' || jsonb_build_object(
      'assigned_to_name', p.full_name,
      'lead_id', l.id, 'lead_name', nullif(l.full_name, ''),
      'customer_id', u.id, 'customer_name', u.name) order by i.place)
    from unnest(ids) with ordinality i (id, place)
    join public.conversations c on c.organization_id = conversation_rows.organization_id and c.id = i.id
    left join public.profiles p on p.id = c.assigned_to
    left join public.leads l on l.organization_id = c.organization_id and l.id = c.lead_id
      and case when sees_leads then true else private.lead_in_scope(l, 'leads:read') end
    left join public.customers u on u.organization_id = c.organization_id and u.id = c.customer_id and sees_customers
  ), '[]');
end
$$;
