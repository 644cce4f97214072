-- box: inbox (notes for the caller's role, also their own) or sent. filters: { unread? }: what others sent and the caller
-- has not read. Newest first. Security definer because the policies would be evaluated for every row.
create function private.list_notes(
  organization_id uuid, box text, filters jsonb, page_limit integer, page_offset integer)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
  reader record;
  conditions text;
  answer jsonb;
begin
  perform private.require_scope(organization_id, 'notes:read');
  select * into reader from private.note_reader(organization_id);
  perform private.require_valid(box in ('inbox', 'sent'), 'box', 'is not inbox or sent');
  if box = 'sent' then
    conditions := format('from public.notes x where x.organization_id = %L and x.sender_id = %L', organization_id,
      auth.uid());
  else
    conditions := format('from public.note_roles r join public.notes x on x.id = r.note_id
      where r.organization_id = %L and r.role_key = %L', organization_id, reader.role_key);
  end if;
  if box = 'inbox' and filters ->> 'unread' = 'true' then
    conditions := conditions || format(' and r.note_id > %L and x.sender_id is distinct from %L and not exists (
        select from public.note_reads d where d.note_id = x.id and d.user_id = %2$L)',
      reader.read_before, auth.uid());
  end if;
  execute format(
    'select jsonb_build_object(
      ''total'', (select count(*) %1$s),
      ''rows'', private.note_rows(array(select x %1$s order by x.id desc limit %2$s offset %3$s)))',
    conditions, page_limit, page_offset)
  into answer;
  return answer;
end
$$;
grant execute on function private.list_notes(uuid, text, jsonb, integer, integer) to authenticated;

create function public.list_notes(
  organization_id uuid, box text, page_limit integer, page_offset integer, filters jsonb default '{}')
returns jsonb
language sql stable set search_path = ''
as $$
  select private.list_notes(organization_id, box, coalesce(filters, '{}'), private.page_size(page_limit),
    private.page_start(page_offset))
$$;
comment on function public.list_notes is
  'One page of the notes for the caller''s role (inbox; filters: { unread? }), or of those that they sent.';
grant execute on function public.list_notes(uuid, text, integer, integer, jsonb) to authenticated;
