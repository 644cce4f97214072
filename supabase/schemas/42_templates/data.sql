insert into private.link_shorteners (host, source)
select h, 'public link shortener; AT&T code of conduct'
from unnest(array['bit.ly', 'tinyurl.com', 'goo.gl', 't.co', 'ow.ly',
  'is.gd', 'buff.ly', 'cutt.ly', 'rebrand.ly', 'rb.gy', 'tiny.cc', 'shorturl.at', 'bl.ink', 't.ly', 'v.gd', 'soo.gd',
  's.id', 'shorte.st', 'adf.ly', 'lnkd.in', 'trib.al', 'dlvr.it', 'x.co', 'snip.ly', 'short.io', 'tr.im', 'qr.ae',
  'u.to']) h;
