-- The id in the address of a Google spreadsheet, or an id; null for anything else. Published copies (/d/e/…) have none.
create function private.spreadsheet_id(given text)
returns text
language sql immutable set search_path = ''
as $$
  select case when char_length(given) <= 500 then coalesce(
    substring(given from '^\s*https://docs\.google\.com/spreadsheets/(?:u/[0-9]+/)?d/([A-Za-z0-9_-]{20,100})(?:[/?#]|\s*$)'),
    substring(given from '^\s*([A-Za-z0-9_-]{20,100})\s*$')) end
$$;

create function private.spreadsheet_url(spreadsheet_id text, tab_id integer default null)
returns text
language sql immutable set search_path = ''
as $$
  select 'https://docs.google.com/spreadsheets/d/' || spreadsheet_id || '/edit' || coalesce('#gid=' || tab_id, '')
$$;

-- The spreadsheet that a report is to be written into: the one that is named, else the one that is remembered. Whether
-- it is shared with the organization's service account is known when it is written.
create function private.require_spreadsheet(organization_id uuid, spreadsheet text, remembered text)
returns text
language plpgsql stable set search_path = ''
as $$
declare
  found_id text := case when spreadsheet is null then remembered else private.spreadsheet_id(spreadsheet) end;
begin
  perform private.require_valid(found_id is not null, 'spreadsheet',
    'must be the address or the id of a Google spreadsheet');
  if not exists (
    select from public.integrations i
    where i.organization_id = require_spreadsheet.organization_id and i.type = 'google_sheets') then
    perform private.problem(409, 'google_not_connected',
      'Google Sheets is not connected. Somebody who manages integrations can connect it.');
  end if;
  return found_id;
end
$$;

-- Where the caller wrote this report last.
create function private.last_spreadsheet(organization_id uuid, report_id uuid)
returns text
language sql stable set search_path = ''
as $$
  select r.spreadsheet_id from public.report_runs r
  where r.organization_id = last_spreadsheet.organization_id and r.report_id = last_spreadsheet.report_id
    and r.owner_id = auth.uid() and r.schedule_id is null and r.spreadsheet_id is not null
  order by r.id desc limit 1
$$;
