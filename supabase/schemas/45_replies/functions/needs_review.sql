create function private.needs_review(organization_id uuid, phone text)
returns boolean
language sql stable set search_path = ''
as $$
  select exists (
    select from public.reply_reviews r
    where r.organization_id = needs_review.organization_id and r.phone = any (private.phone_spellings(needs_review.phone))
      and r.status = 'open')
$$;
comment on function private.needs_review is
  'Whether a reply of this number awaits a person''s decision: until then only confirmations and help are sent '
  'to it.';
