create function public.invoke_job(job text, body jsonb default '{}')
returns void
language sql set search_path = ''
as $$
  select private.invoke(case when job like '%/%' then job else 'jobs/' || job end, body)
$$;
comment on function public.invoke_job is 'Starts the next run of a job that has more to do than fits one run: of the function jobs, or function/job.';
grant execute on function public.invoke_job(text, jsonb) to service_role;
