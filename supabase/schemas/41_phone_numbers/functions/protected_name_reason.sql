-- A name as people read it: without case, separators and the signs that stand in for letters.
create function private.name_skeleton(name text)
returns text
language sql immutable parallel safe set search_path = ''
as $$
  select regexp_replace(translate(lower(name), '0134578@$!|l', 'oieastbasiii'), '[^a-z]', '', 'g')
$$;

-- The skeletons of the words of a name: MtnGhana and MTN-Ghana have mtn and ghana.
create function private.name_words(name text)
returns text[]
language sql immutable parallel safe set search_path = ''
as $$
  select coalesce(array_agg(private.name_skeleton(w)) filter (where private.name_skeleton(w) <> ''), '{}')
  from regexp_split_to_table(regexp_replace(name, '([a-z])([A-Z])', '\1 \2', 'g'), '[ ._-]+') w
$$;

-- Whom an alphanumeric sender would pass for; null: nobody who is protected. Names that are short or part of common words
-- (Chase, purchase) count as a word, or alone with what such senders add.
create function private.protected_name_reason(name text)
returns text
language sql stable set search_path = ''
as $$
  select p.reason
  from private.protected_sender_names p
  cross join private.name_skeleton(protected_name_reason.name) as shown
  cross join private.name_skeleton(p.name) as protected
  where case when p.anywhere then position(protected in shown) > 0
    else protected = any (private.name_words(protected_name_reason.name))
      or shown ~ ('^(gh|ghana|us|usa|the|my)?' || protected
        || '(gh|ghana|us|usa|aierts?|heip|care|services?|support|officiai|info|sms|msg|oniine|team)?$') end
  order by p.name limit 1
$$;
