-- changes: some of { registration, new_organizations, new_senders, max_organizations_per_person, trusted_ip_header,
-- max_segments_per_day, permitted_countries (an array) }; {} only reads.
-- Security definer because no API role may read or write the settings.
create function private.change_deployment(changes jsonb, operator text)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  settings constant text[] :=
    array['registration', 'new_organizations', 'new_senders', 'max_organizations_per_person', 'trusted_ip_header',
      'max_segments_per_day', 'permitted_countries'];
begin
  perform private.require_valid(jsonb_typeof(changes) = 'object' and changes - settings = '{}', 'changes',
    'can have ' || array_to_string(settings, ', '));
  if changes <> '{}' then
    perform private.require_operator(operator);
    update private.deployment d set
      registration = case when changes ? 'registration' then changes ->> 'registration' else d.registration end,
      new_organizations = case when changes ? 'new_organizations' then changes ->> 'new_organizations'
        else d.new_organizations end,
      new_senders = case when changes ? 'new_senders' then changes ->> 'new_senders' else d.new_senders end,
      max_organizations_per_person = case when changes ? 'max_organizations_per_person'
        then (changes ->> 'max_organizations_per_person')::integer else d.max_organizations_per_person end,
      trusted_ip_header = case when changes ? 'trusted_ip_header' then nullif(changes ->> 'trusted_ip_header', '')
        else d.trusted_ip_header end,
      max_segments_per_day = case when changes ? 'max_segments_per_day'
        then private.segments_from_json(changes -> 'max_segments_per_day') else d.max_segments_per_day end,
      permitted_countries = case when changes ? 'permitted_countries'
        then private.countries_from_json(changes -> 'permitted_countries') else d.permitted_countries end,
      updated_by = btrim(operator)
    where d.singleton;
  end if;
  return (select to_jsonb(d) - 'singleton' from private.deployment d);
end
$$;
grant execute on function private.change_deployment(jsonb, text) to service_role;

create function public.change_deployment(changes jsonb default '{}', operator text default null)
returns jsonb
language sql set search_path = ''
as $$
  select private.change_deployment(changes, operator)
$$;
comment on function public.change_deployment is
  'For operators of the platform: changes the settings of the deployment and returns them.';
grant execute on function public.change_deployment(jsonb, text) to service_role;
