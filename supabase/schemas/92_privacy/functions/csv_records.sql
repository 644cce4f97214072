-- A record of CSV by the rules of imports: a field may have spaces before its quotation mark and text after it, and
-- line breaks between quotation marks; without delimiter nothing is known of the file yet. A quotation mark that never
-- closes takes the rest.
create function private.csv_record_regex(delimiter text)
returns text
language sql immutable set search_path = ''
as $$
  select format('%1$s(?:[%2$s]%1$s)*(?:\r\n|\r|\n|$)', format(
    '(?:%1$s"(?:[^"]|"")*(?:"(?!")[^%2$s\r\n]*|$)|(?!%1$s")[^%2$s\r\n]*)',
    case when d.delimiter <> ' ' then ' *' else '' end, d.delimiter), d.delimiter)
  from (select coalesce(delimiter, ',') as delimiter) d
$$;

create function private.csv_records(content text, delimiter text)
returns table (record text, n bigint)
language sql immutable set search_path = ''
as $$
  select r.record[1], r.n
  from regexp_matches(content, private.csv_record_regex(delimiter), 'g') with ordinality r (record, n)
$$;

-- A file without the records that mention the person. Their line ends stay, so that the others keep their numbers.
create function private.without_records(content text, mentions text, delimiter text)
returns text
language sql immutable set search_path = ''
as $$
  select string_agg(case when r.record ~* mentions then substring(r.record from '(?:\r\n|\r|\n)?$')
    else r.record end, '' order by r.n)
  from private.csv_records(content, delimiter) r
$$;

create function private.only_records(content text, mentions text, delimiter text)
returns jsonb
language sql immutable set search_path = ''
as $$
  select jsonb_agg(r.record order by r.n) from private.csv_records(content, delimiter) r where r.record ~* mentions
$$;

create function private.delimiter_of(upload_id uuid)
returns text
language sql stable set search_path = ''
as $$
  select u.delimiter from private.lead_uploads u where u.id = upload_id
$$;
