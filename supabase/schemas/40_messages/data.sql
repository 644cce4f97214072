select private.create_month_partition(parent, now() + months)
from unnest(array['public.messages', 'public.message_events']::regclass[]) parent,
  unnest(array[interval '-1 month', '0', '1 month', '2 months', '3 months']) months;
