-- Replies that await a decision or were decided, with their text. Security definer because it names people.
create function private.list_reply_reviews(organization_id uuid, status text, page_limit integer, page_offset integer)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
begin
  perform private.require_permission(organization_id, 'suppressions:read');
  return jsonb_build_object(
    'total', (
      select count(*) from public.reply_reviews r
      where r.organization_id = list_reply_reviews.organization_id
        and (list_reply_reviews.status is null or r.status = list_reply_reviews.status)),
    'rows', coalesce((
      select jsonb_agg(jsonb_build_object('id', p.id, 'phone', p.phone, 'message_id', p.message_id, 'text', m.body,
        'last_text', l.body, 'status', p.status, 'decided_by', p.decided_by, 'decided_by_name', d.full_name,
        'decided_at', p.decided_at, 'created_at', p.created_at) order by p.id desc)
      from (
        select r.* from public.reply_reviews r
        where r.organization_id = list_reply_reviews.organization_id
          and (list_reply_reviews.status is null or r.status = list_reply_reviews.status)
        order by r.id desc limit page_limit offset page_offset
      ) p
      left join public.messages m on m.id = p.message_id
      left join public.messages l on l.id = p.last_message_id
      left join public.profiles d on d.id = p.decided_by), '[]'));
end
$$;
grant execute on function private.list_reply_reviews(uuid, text, integer, integer) to authenticated;

create function public.list_reply_reviews(organization_id uuid, status text default null, page_limit integer default 50,
  page_offset integer default 0)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.list_reply_reviews(organization_id, status,
    private.page_size(page_limit), private.page_start(page_offset))
$$;
comment on function public.list_reply_reviews is 'Replies that may be an opt-out, with their text.';
grant execute on function public.list_reply_reviews(uuid, text, integer, integer) to authenticated;
