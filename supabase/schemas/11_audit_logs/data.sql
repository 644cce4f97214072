select private.create_month_partition('public.audit_logs', now() + months)
from unnest(array[interval '-1 month', '0', '1 month', '2 months', '3 months']) months;

insert into private.audit_horizon (sealed_until) values (date_trunc('milliseconds', now()));
