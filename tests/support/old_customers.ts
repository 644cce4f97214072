/** A large old service, for what is measured or killed. */

/**
 * Insight Ops Flow as its README gives it, and `fill(n)`: n customers with local numbers and amounts as people write them,
 * one in a hundred without a number.
 */
export const MANY_CUSTOMERS = `
create table customers (id uuid primary key default gen_random_uuid(), name varchar(255) not null,
  account_number varchar(50) unique not null, phone varchar(15) not null, status varchar(20) default 'connected',
  arrears varchar(50) not null, created_at timestamptz default now(), updated_at timestamptz default now());
create table customer_actions (id uuid primary key default gen_random_uuid(), customer_id uuid, action varchar(20) not null,
  performed_by varchar(255) not null, source varchar(20) default 'manual', batch_id uuid, timestamp timestamptz default now());
create function fill(n int) returns void language sql as $$
  insert into customers (name, account_number, phone, status, arrears)
  select 'Customer ' || i, 'L-' || i, case when i % 100 = 0 then 'unknown' else '0244' || lpad((i % 1000000)::text, 6, '0') end,
    (array['connected', 'disconnected', 'warned'])[1 + i % 3],
    case i % 4 when 0 then 'GHS ' || to_char(i, 'FM9,999,999.00') when 1 then i || '.50' when 2 then '(' || i || '.25)' else '' end
  from generate_series(1, n) i
$$;`;
