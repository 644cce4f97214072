-- GSM 03.38 counted as Twilio and the GSM Association do: 160 septets in one part, 153 in each of several, an escape
-- pair never split; anything else is UCS-2 with 70 or 67 code units, a surrogate pair never split.
create function private.sms_segments(body text, out encoding text, out segments integer)
language plpgsql immutable parallel safe set search_path = ''
as $$
declare
  gsm constant text := '^[@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&''()*+,\-./0-9:;<=>?¡A-ZÄÖÑÜ§¿a-zäöñüà\f^{}\\\[~\]|€]*$';
  double constant text := '[\f^{}\\\[~\]|€]';
  wide text := double;
  part integer := 153;
  whole integer := 160;
  units integer;
  used integer := 0;
  width integer;
begin
  encoding := 'GSM-7';
  if body !~ gsm then
    encoding := 'UCS-2';
    wide := '[\U00010000-\U0010FFFF]';
    part := 67;
    whole := 70;
  end if;
  units := char_length(body);
  if body ~ wide then
    units := units + regexp_count(body, wide);
  else
    wide := null;
  end if;
  if units <= whole then
    segments := 1;
  elsif wide is null then
    segments := ceil(units::numeric / part);
  else
    segments := 1;
    for width in select case when c ~ wide then 2 else 1 end from regexp_split_to_table(body, '') c loop
      if used + width > part then
        segments := segments + 1;
        used := 0;
      end if;
      used := used + width;
    end loop;
  end if;
end
$$;
comment on function private.sms_segments is 'Encoding and number of billable parts of a text.';
grant execute on function private.sms_segments(text) to authenticated;
