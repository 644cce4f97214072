-- Whether people can answer a sender: a name is no telephone.
create function private.can_receive(account public.sms_accounts)
returns boolean
language sql immutable set search_path = ''
as $$
  select account.number_type <> 'alphanumeric'
$$;

-- What may be wrong with a text, though it may be sent: [{ code, message }]. one_way: senders that it may go out from
-- and that cannot receive.
create function private.text_warnings(body text, category text, one_way text[])
returns jsonb
language sql immutable set search_path = ''
as $$
  select coalesce(jsonb_agg(jsonb_build_object('code', w.code, 'message', w.message)), '[]') from (
    select 'unfilled_placeholder' as code,
      p.written || ' is sent as written: variables are written {{' || lower(p.name) || '}}.' as message
    from (
      select distinct m[1] as written, m[2] as name
      from regexp_matches(regexp_replace(body, '\{\{[^{}]*\}\}', '', 'g'),
        '((?:\{|\[\[?|<<?|%) ?(first_?name|last_?name|full_?name|name|e?mail|phone|organi[sz]ation|arrears'
        '|account_?number) ?(?:\}|\]\]?|>>?|%))', 'gi') m
    ) p
    union all
    select 'one_way_sender', array_to_string(one_way, ', ')
      || ' cannot receive replies: name another way to opt out, such as a link or a telephone number.'
    where category = 'marketing' and cardinality(one_way) > 0 and not (private.opt_out_ways(body)).otherwise
  ) w
$$;
