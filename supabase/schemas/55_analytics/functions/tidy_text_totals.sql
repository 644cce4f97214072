-- Nightly: sums that have come to nothing, as those of texts that were on their way when they were folded.
create function private.tidy_text_totals()
returns void
language plpgsql set search_path = ''
as $$
begin
  delete from private.text_totals t where t.folded and (t.messages, t.segments, t.cost, t.replied, t.opted_out, t.answers, t.received)
    = (0, 0, 0, 0, 0, 0, 0);
  delete from private.day_totals t where (t.messages, t.segments, t.cost, t.replied, t.opted_out, t.answers, t.received)
    = (0, 0, 0, 0, 0, 0, 0);
  delete from private.target_totals t where t.folded and t.targets = 0;
  delete from private.suppression_totals t where t.folded and t.added = 0;
end
$$;
