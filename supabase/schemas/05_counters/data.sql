insert into private.counters (name, measures) values
  ('customer_totals', '{customers,arrears}'),
  ('action_totals', '{actions}'),
  ('message_totals', '{messages,segments}'),
  ('lead_totals', '{leads,value}'),
  ('holder_totals', '{leads}'),
  ('lead_arrivals', '{leads}'),
  ('sla_totals', '{events}'),
  ('message_outcome_totals', '{messages,segments,cost,replied,opted_out,answers,received}'),
  ('target_totals', '{targets}'),
  ('suppression_totals', '{added}');
