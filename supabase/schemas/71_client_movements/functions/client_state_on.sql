-- Where a client stands at the end of a day: the status, and what its contracts pay.
create function private.client_state_on(client_id uuid, day date)
returns table (status text, currency text)
language sql stable set search_path = ''
as $$
  select m.status_after, m.currency
  from private.effective_movements(array[client_state_on.client_id]) m
  where m.day <= client_state_on.day
  order by m.day desc, m.place desc limit 1
$$;

create function private.contracts_on(client_id uuid, day date)
returns table (contract text, mrr numeric)
language sql stable set search_path = ''
as $$
  select l.contract, l.contract_mrr
  from (
    select distinct on (m.contract) m.contract, m.contract_mrr, m.entry
    from private.effective_movements(array[contracts_on.client_id]) m
    where m.entry in ('amount', 'end') and m.day <= contracts_on.day
    order by m.contract, m.day desc, m.place desc
  ) l
  where l.entry = 'amount'
$$;
