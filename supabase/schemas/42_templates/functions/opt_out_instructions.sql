-- Which ways a text offers to opt out: by a reply, and by something else (a link, an address, a number), which also
-- works where the sender cannot receive. STOP in capitals is an instruction, except in a shout ("STOP BY TODAY",
-- "NON-STOP"). The other keywords are everyday words ("END OF SEASON"), as is "stop": they count only where the reader
-- is told to text them. "Unsubscribe" says how only with a verb or a target. Variables do not count, since most
-- recipients never see their fallback.
create function private.opt_out_ways(body text, out by_reply boolean, out otherwise boolean)
language sql immutable set search_path = ''
as $$
  select t.said ~ ('(?<![[:alnum:]_-])(?<![A-Z]{2} )(STOP|ARRET|ARRÊT)'
      || '(?![[:alnum:]_-])(?! ([A-Z]{2}|(by|in|into|at|over|for|and)\M))')
    or t.said ~* ('\m(reply|respond|answer|text|txt|send|r[eé]pondez|envoyez|responda|responde|env[ií][ae])\M'
      || '( with| back)?[^[:alnum:]]{1,3}'
      || '(stop|end|quit|cancel|unsubscribe|opt.?out|arr[eê]t|alto|baja)\M')
    or t.said ~* ('\m(stop|quit|cancel|arr[eê]t|alto|baja)[^[:alnum:]]{0,2}(to|2|=|pour|para)[^[:alnum:]]?'
      || '(end|opt|unsub|cancel|quit|stop|leave|salir|arr[eê]ter)'),
    t.said ~* ('\m(unsubscribe|opt.?out|opting out|stop (all|these|texts?|messages?|receiving|getting)'
        || '|désabonn[a-z]*|baja)\M.{0,60}?' || t.target)
      or t.said ~* (t.target || '.{0,40}?\m(unsubscribe|opt.?out|stop (texts?|messages?))\M')
  from (
    select regexp_replace(body, '\{\{[^{}]*\}\}', '~', 'g') as said,
      '(https?://|www\.|[a-z0-9-]+\.[a-z]{2,}(/|\M)|[a-z0-9._-]+@[a-z0-9-]+\.|\+?[0-9][0-9 ()-]{5,}[0-9])' as target
  ) t
$$;
