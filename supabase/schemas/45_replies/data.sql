-- The system's rules for English, and what all languages share. Other languages are in languages/.
insert into public.reply_rules (kind, meaning, language, pattern, source, undoes_only)
select 'keyword', k.meaning, 'en', btrim(word), k.source, k.undoes_only
from (values
  ('stop', 'STOP, UNSUBSCRIBE, END, QUIT, STOPALL, REVOKE, OPTOUT, OPT OUT, CANCEL',
    'Twilio default keywords; 47 CFR 64.1200(a)(10)', false),
  ('start', 'START, UNSTOP', 'Twilio default keywords', false),
  ('start', 'YES', 'Twilio default keyword', true),
  ('start', 'start now, start again, start please, please start, start again please, unstop please, unstop me, '
    'please unstop, yes please, yes start, resume, start texting, start texting me, start messages, start texts',
    'What people text to opt in again', true),
  ('start', 'subscribe, resubscribe, opt in, optin, opt back in', 'What people text to opt in', false),
  ('help', 'HELP, INFO', 'Twilio default keywords', false)
) as k (meaning, words, source, undoes_only)
cross join lateral string_to_table(k.words, ', ') as word;

insert into public.reply_rules (kind, meaning, language, pattern, source, answers_question)
select 'keyword', k.meaning, 'en', btrim(word), k.source, k.answers_question
from (values
  ('stop', 'stop all, unsub, remove, remove me, do not call, do not text, do not contact, do not disturb, dnc, '
    'no more texts, no text, stop it, stopit, stop 2, stop2end, stop 2 end, stop to end, stop to opt out, '
    'stop to cancel, stop to unsubscribe, stop2stop, reply stop, text stop, txt stop, send stop, reply with stop, '
    'block me, discontinue, cease, desist, halt',
    'What people text; 47 CFR 64.1200(a)(10): any reasonable words', false),
  ('stop', 'stpo, sotp, tsop, sopt, stip, stpp, stp, stap, stopo, stpop, stops, astop, atop, dstop, xstop, stopx, '
    'stopm, stopl, stop l, sto, cancle, cancell, canel, optuot, opt our, opt outt, stopall texts, stoo, stol, stob, '
    'srop, syop, sfop, dtop, stiop, stoip, tstop, ystop, stopk, quitt, qiut, sotop, stopn',
    'Slips of the thumb for STOP, CANCEL, QUIT and OPT OUT', false),
  ('doubtful', 'enough, enough already, thats enough, that''s enough, no more, not anymore, quit it, please quit, '
    'please cancel, cancel please, please end, knock it off, cut it out, count me out, i''m out, i''m done, '
    'im done, please no more, no more please, leave, quite, spot, stfu, shut up, end it, end this, end that, '
    'please end it, please end this, cancel it, cancel this, cancel that, ok cancel, cancel ok, stop asking, '
    'stop start, call off, call it off, delete, delete this, delete it, delete please, block, blocked, no contact, '
    'exit, terminate, terminated, out, get out, let me go, revoked, removed, unwanted, not wanted, illegal, '
    'reported, forget me, wrong, never again, not again, not for me, do not want, go out, s',
    'A refusal, of the messages or of what they offer', false),
  ('doubtful', 'no, nope, never, nah, no thanks, no thank you, no thx, pass, n',
    'A refusal, of the messages or of what they offer; an answer, if we asked', true),
  ('doubtful', U&'\23F9, \26D4, \270B, \274C, \2716, \274E, \+01F6AB, \+01F645, \+01F91A, \+01F590, \+01F44E, \+01F595, '
    '\+01F515, \+01F4F5, \+01F507, \+01F910', 'Hands and signs that refuse, as the whole reply', false)
) as k (meaning, words, source, answers_question)
cross join lateral string_to_table(k.words, ', ') as word;

-- Patterns match normalized replies (see normalized_reply): a sentence is between full stops (". stop ."). Replies are
-- tried with and without accents.
with parts as (
  select
    '(stop ?all|quit|end|revoke|cancel|opt ?out|unsubscribe)' as other_words,
    '((please|pls|plz|pleas|plese|just|ok|okay|now|already|thanks|thank you|thx|it|this|all|immediately|at once'
    '|right now|asap|yes|no|nope|hey|hi|hello|everything|forever|i said|sorry|fucking|damn|por favor|gracias|merci'
    '|svp|bitte|aub|po) )*'
      as fillers,
    '(tex|text|txt|message|messege|mesage|msg|sms|mms|alert|notification|promo|promotion|ad|spam|solicitation'
    '|communication|contact)s?' as texts,
    '(text|txt|tex|messag|messeg|msg|contact|call|send|spamm|spam|bother|harr?ass+|pester|annoy|writ|solicit|bugg'
    '|disturb)ing'
      as texting,
    '(text|txt|tex|message|messege|msg|contact|sms|call|write|spam|bother|harr?ass+|disturb|solicit)' as contact,
    '(do not|don''?t|dnt|never|no longer)' as negation
)
insert into public.reply_rules (kind, meaning, language, pattern, source)
select r.kind, r.meaning, 'en', r.pattern, r.source from parts cross join lateral (values
  -- Harmless.
  ('not_phrase', 'stop', '(?<!\m(if you|you|u|yall|why|they|but i) )\m(do not|don''?t|never|can ?not|can''?t'
    '|couldn''?t|won''?t|will not|wouldn''?t|doesn''?t|didn''?t|not) (ever |even |want to |wanna |plan to |need to '
    '|have to |going to |gonna |wish to |let (me|us|them) |make me |you dare |seem to |to |just |please )*('
    || 'stop|quit|end|cancel|unsub[a-z]*|opt(ing)? out|remove (me|my|us|our|this)|delete my|delete me|lose my|(take'
      '|get) (me|us|(my|our|this) [a-z]+) (off|out)|revoke|leave (me|us) alone)\M', 'The opposite: "please don''t '
      'stop", "can''t stop laughing"'),
  ('not_phrase', 'stop', '\m(bus|pit|truck|rest|train|full|next|last|first|non|metro|tram|subway|door|quick|a|the|my'
    '|our|your|his|her|each|every|another|second|third|final|gas|lunch|dinner|coffee|bathroom) '
    || 'stop\M', 'A place or a pause: "bus stop"'),
  ('not_phrase', 'stop', '\m(told|asked|tell|ask|telling|asking|get|got|make|made) (him|her|them|my [a-z]+'
    '|the [a-z]+) to (please )?(stop|quit|leave)\M( (texting|calling|messaging|bothering))?', 'About somebody else'),
  ('not_phrase', 'stop', 'stop (i''?m|im|i am) (laughing|dying|crying|kidding)\M|stop (you''?re|ur) (so|too'
    '|making)\M', 'Banter'),
  ('not_phrase', 'stop', '\m(did|have|had|has|was|were) (you|u|they|he|she|i|we|someone|it) (just |already |really '
    '|ever )?(lose|lost|delete|remove|erase|block|forget|unsubscribe|stop|quit|end|cancel|leave|opt out'
    '|take me off)[a-z]*( (me|my|us)\M)?', 'A question about what was done: "did you delete my number?"'),
  ('not_phrase', 'stop', '\m(do not|don''?t|dnt|never) call( (me|us|at all|please|just|but))* (text|txt|message'
    '|sms) (me|us|is|instead|only)\M', 'Texts are what is wanted: "don''t call me, text me"'),
  ('not_phrase', 'stop', '\mstop (by|over|in|into|at(?! once)|sign|lights?|for (lunch|gas|coffee|a|the))\M'
    '|\mone stop\M',
    'A visit or a place: "stop by the office"'),
  ('not_phrase', 'stop', '\mwhere (do|does|will|is) [^.]*stop\M', 'A question about a place'),
  ('not_phrase', 'stop', '\mend of\M|\mend (date|time|user|result|up|point|exam|sem|month|year|game|product)\M',
    'An end that is no request: "end of the month"'),
  ('not_phrase', 'stop', '\m(the|year|month|week|term|semester|very|low|high|back|front|dead|north|south|east|west'
    '|far|other|loose|an?|each|either|which|that|in|towards?|at|by|until|till|before|after|near|upper|lower'
    '|deep) end\M',
    'An end that is no request: "until the end"'),
  ('not_phrase', 'stop', '\m(when|what time|what date|what day|how soon) (do|does|did|will|would|is|are)(?! (this'
    '|these|it|you|u|they|your)\M)[^.]* (end|stop)\M', 'A question when something ends'),
  ('not_phrase', 'stop', '\m(classes|class|lectures?|courses?|shift|semester|term|school|work|meeting|contract|lease'
    '|exams?|outage|season|programme?|event|service|session|match|game|rain|the [0-9]+) (will |should |might |may '
    '|can |does |do |would |to )*(end|stop)\M', 'Something ends: "do classes end before 5?"'),
  ('not_phrase', 'stop', '\mend my (current|course|studies|program|programme|contract|lease|job|shift|questions)\M',
    'Something else is to end'),
  ('not_phrase', 'stop', '\mquit (smoking|drinking|playing|work|school|college|uni|university|football|(my|the|this'
    '|that) (job|work|position|studies|school|current|course|program|programme|team|degree|uni))\M|\m(can|could|may'
    '|if|should|did) i quit\M', 'Something else is given up: "I quit my job"'),
  ('not_phrase', 'stop', '\mcancel (a |an |the |my |our |this |that |his |her |one |any '
    '|all )*([0-9a-z]+ ){0,2}(appointment|appt|visit|tour|booking|reservation|order|interview|meeting|call|session'
    '|class(?! of [0-9])|classes|course|enrol+ment|flight|ticket|trip|slot|seat|room|hostel|application|payment'
    '|transfer|deposit|plan|disconnection|inspection|delivery|viewing|lesson|exam|test|date|event|invoice|bill'
    '|connection)\M|\mcancel (the |my )?[0-9]+ ?(am|pm)\M|\m(had|have|has) to cancel\M|\m(can|could|may|should|must'
    '|do|if) i (still |need to |have to |also )*cancel\M',
    'Something else is canceled: "cancel my appointment"'),
  ('not_phrase', 'stop', '\mstop (the |my |our |this |these |all |any )*(disconnect[a-z]*|cutting|cut|power|lights?'
    '|water|supply|outages?|dumsor|payments?|standing order|direct debit|late|interest|meter|leak|fire|noise)\M',
    'A utility''s business: "stop the disconnection"'),
  ('not_phrase', 'stop', '\. (to [a-z ]{3,20} )?(reply|text|txt|send|respond|answer)( back| with)? (help for help '
    '|for help )?(or )?(stop|end|quit|cancel|unsubscribe) (to|for|2|if)\M[^.]*|\m(stop|end|quit|cancel) (to'
    '|2) (opt ?out|end|cancel|unsubscribe|quit|stop)\M[^.]*',
    'An instruction of ours, or of another sender: "Reply STOP to opt out"'),
  ('not_phrase', 'stop', '\mwe (have |need |must |got |can |should |ought |to )+stop\M(?! (these|the (texts'
    '|messages)|your|this (text|message)))|\m(stop|stops|stopped) work(ing|s)?\M|\m(quit|stop) (my|the'
    '|this) (previous|last|old|former)\M|\m(stop|quit|stopping) (smok|drink|rain|eat|cry|laugh|bleed|breath|liv'
    '|think|worry(?!ing (me|us))|studying|teach|play|snow)[a-z]*\M|\mstop the press|(?<!\m(make|let) )\m(he|she|they'
    '|who|it|nobody|somebody) (has |have |had |just |will |did |might |can |may )*(quit|stop)\M(?! (text|messag|send'
    '|contact|call))|\m(i|we) (have|need|got|had) to stop (now|here|for|and)\M|\mrevoked? (the |my |his '
    '|her )?(licen[cs]e|permit|visa|admission|offer)\M',
    'Something else is to stop: "we have got to stop this bill"'),
  ('not_phrase', 'doubtful', '\m(with|on|in|using|set to) do not disturb\M|\mdo not disturb (is |was )?(on|mode'
    '|while|turned|feature)\M|\mdriving\M[^.]*\mdo not disturb\M'
    '|\mdriving( (?!stop\M)[a-z]+| \.)* (when|once|after|as soon as) i stop\M', 'A telephone''s automatic answer'),
  ('not_phrase', 'doubtful', '\mis (this|it) (really )?(a )?(spam|scam)\M', 'A question whether we are genuine'),

  -- Opt-outs.
  ('phrase', 'stop', '\. ' || fillers || '(stop )+' || fillers || '\.', 'A sentence of STOP and fillers: "ok stop '
    'now please"'),
  ('phrase', 'stop', '\m(please|pls|plz|pleas|plese|kindly) stop( \.| (this|it|that|these|those|now|already|all'
    '|everything|immediately|at once|thank you|thanks|thx|i|i''m|im|or)\M)', '"please stop", and on'),
  ('phrase', 'stop', '\. stop (i''m|im|i am|i have|i said|you''?re|you are|who|we are|do not|don''?t|or|wrong'
    '|not interested)\M', 'STOP, and why: "STOP I am at work"'),
  ('phrase', 'stop', '\mstop (please|pls|plz|this (shit|crap|bullshit|nonsense)|immediately|at once|right now'
    '|asap)\M', '"stop please, i am at work"'),
  ('phrase', 'stop', '\m(un ?sub[a-z]{0,2}|un ?subs[a-z]*ri[a-z]*(?<!d)|uns[a-z]{0,6}[rci][ir]?be?s?|usubscri?be?'
    '|de ?subscribe)\M', 'UNSUBSCRIBE anywhere, and its misspellings'),
  ('phrase', 'stop', '\m(already|thought i|said i|asked to be|want to be|wanna be|like to be|please be|get'
    '|be) (unsubscribed|opted out|removed|taken off)\M', '"i already unsubscribed"'),
  ('phrase', 'stop', '\mopt(ing|ed)? (me|us|this number|my number) out\M|\mopt(ing)? ?out\M(?! of (the|my|our|a|an'
    '|that|his|her|their|school|jury|dental|medical|insurance|gym|work|lunch|dinner)\M(?! (text|sms|message|list'
    '|mailing|marketing|campaign)))', '"opt me out", "i want to opt out of these"'),
  ('phrase', 'stop', '\m(stop|quit|cease|halt|end|discontinue)( (all|any|of|the|these|those|this|that|them|your|ur'
    '|my|me|more|further|future|with|w|it|sending|getting|damn|fucking|stupid|marketing|automated|from))* ('
    || texts || '|' || texting || ')\M(?! (her|him|them|each other|while|and driv|my (mom|mother|dad|wife|husband'
      '|son|daughter|ex)|(me )?(the|my|our) (bill|invoice|statement|package|letter|mail)))',
      '"stop texting me", "end all messages"'),
  ('phrase', 'stop', '\mstop' || texting || '(me|us|this|it)?\M|\m(stp|spot|stip|stap|stob|sto'
    '|stpp) ' || texting || ' (me|us|my)\M', '"stoptexting me", "stp texting me"'),
  ('phrase', 'stop', '\mcancel( (all|the|these|those|this|your|my|future|any|more|further))* (text|txt|message|msg'
    '|sms)s?\M', '"cancel these texts"'),
  ('phrase', 'stop', '\m(no|zero) (more|further|additional)( (please|of|these'
    '|your))* (' || texts || '|' || texting || '|contact|calls)\M', '"no more texts"'),
  ('phrase', 'stop', '\. (please |pls |and |so )?no ((texts|texting|messaging|txts|sms|spam|solicit(ing|ors'
    '|ations?))( (please|pls|thanks|thank you|to this number))*|(messages|msgs) (please|pls|thanks|thank you'
    '|to this number)) \.', '"no texts please"'),
  ('phrase', 'stop', '\menough( (with|of|already))*( (the|these|your|all))* (texts|messages|texting|spam)\M',
    '"enough with the texts"'),
  ('phrase', 'stop', '\mhow (do|can|would|could) (i|we) (stop|end|quit|get out of|get off|cancel) (this|these|those'
    '|them|getting|receiving|your|the texts|the messages)\M', 'A question how to opt out'),
  ('phrase', 'stop', '\m(make|let) (it|this|them|these|the (texts|messages)) (all )?stop( (please|now))* \.',
    '"make it stop"'),
  ('phrase', 'stop', '\m(told|asked|telling|asking|want|need|like|begging) (you|u|yall|y''all|you guys'
    '|you people) (to )?(please )?stop( (now|please|already|this|it|many times))* \.', '"i asked you to stop"'),
  ('phrase', 'stop', '\m(wrong (number|person|phone)|not interested|no thanks?|no thank you|enough|spam|scam|so'
    '|again|times?|and|number|list|off) stop \.', 'A refusal that ends in STOP: "wrong number stop"'),
  ('phrase', 'stop', '(?<!\m(i|we|they|you|u|who) )\m(do not|don''?t|dnt) (you )?(ever )?(again '
    ')?' || contact || '( (to|with))?( (me|us|this number|this phone|here|my (phone|number|cell)))?( (again'
    '|any ?more|any longer|ever|please|pls|plz|thanks|thank you|thx|at all|back|period|ok))* \.',
    '"do not text me", to the end of the sentence'),
  ('phrase', 'stop', '\m' || negation || ' (you )?(ever )?(again )?' || contact || ' (me|us|this number|this phone'
    '|here|my (phone|number|cell))( (again|any ?more|any longer|ever|please|thanks|at all|back))* \.',
    '"never contact me"'),
  ('phrase', 'stop', '\m' || negation || ' (you )?(ever )?' || contact || ' (me|us|this number|here)\M[^.]*\m(again'
    '|any ?more|any longer|ever)\M', '"don''t text me about this ever again"'),
  ('phrase', 'stop', '\m(do not|don''?t|dnt|never) send( (me|us|this number))?( (any|more|another|these|your|such'
    '|further|damn|of))* (texts|txts|messages|msgs|sms|anything|stuff|crap|shit|ads|offers|spam|promos'
    '|promotions)\M', '"don''t send me any more messages"'),
  ('phrase', 'stop', '\m(do not|don''?t|dnt|no longer|never|did not|didn''?t) (want|wanna|wish|need|care|agree'
    '|consent|ask(ed)? for)( (to|any|more|your|ur|these|those|such|this|be|get|getting|receive|receiving|have|keep'
    '|further|from|you|all|of|hear|automated|marketing))* (texts|txts|messages|msgs|sms|alerts|notifications|spam'
    '|ads|promos|promotions|offers|calls|communications?|texted|messaged|contacted|called|bothered|solicited'
    '|from you)\M', '"i don''t want any more texts"'),
  ('phrase', 'stop', '(?<!(not|don''?t|never|didn''?t|won''?t|could) )\mleave (me|us)( the (fuck|hell|heck)'
    '| tf)? (alone|be \.|be\M(?= (please|now|already)))', '"leave me alone"'),
  ('phrase', 'stop', '\m(fuck|fuk|fck|piss|bugger|sod|eff|f|buzz|shove) (the fuck )?off\M( (\.|and|you|u|with|now'
    '|already|please|bitch|asshole|cunt|spammers?|scammers?))|\m(fuck|fuk|fck|screw) (you|u|yourself|ya|off)\M(?!'')'
    '|\mgo (fuck|screw) yoursel|\mgo to hell\M', 'Not polite, but clear'),
  ('phrase', 'stop', '\. (please |pls |just |ok |now )*(go away|get lost|piss off|bug off|back off)( (please|now'
    '|forever|already|creep|spammer))* \.', '"go away"'),
  ('phrase', 'stop', '\. (please |pls |just |go )*(text|message|msg|bother|call|spam) (someone|somebody) else\M',
    '"text someone else"'),
  ('phrase', 'stop', '\mcease and desist\M|\mdesist\M', 'A demand'),
  ('phrase', 'stop', '\. i (hereby )?revoke( this)? \.|\m(revoke|revoking|withdraw|withdrawing|rescind)( (my|all|any'
    '|our|prior))* (consent|permission|authorization)\M|\m(do not|don''?t|did not|didn''?t|never) (consent|(gave'
    '|give|given) (you )?(my |any )?(consent|permission|authorization))', 'Revocation in the law''s own words'),
  ('phrase', 'stop', '\m(please|pls|plz|kindly) (remove|delete|discontinue)( (asap|now|thanks|thank you'
    '|immediately))* \.|\m(remove|delete|take) (off|from) (the |your |this |ur )?(list|mailing|texts?|database)\M',
    '"kindly remove"'),
  ('phrase', 'stop', '\m(remove|delete|erase|unlist|exclude) (me|us|(my|this|our)( (cell|phone|mobile|contact|number'
    '|name|info|information|data|details))+)\M(?! from (the|my|our) (?!(list|mailing|text|sms|message|contact|call'
    '|database|system|group|marketing|dist)))', '"remove me", "delete my number"'),
  ('phrase', 'stop', '\m(take|get|strike|pull|keep|leave) (me|us|my (number|name|phone|cell|info)|this number) (off'
    '|out|from)( (of|your|ur|the|this|that|these|those|all|any|every|mailing|calling|call|contact|text|texting|sms'
    '|marketing|phone|spam|message|messaging|damn|fucking|stupid))*( (list|lists|database|system|texts?|messages?'
    '|thread|group|chain|program))? (\.|please|pls|plz|now|asap|immediately|thank|thanks|thx|and|or|i|before|today)',
    '"take me off your list"'),
  ('phrase', 'stop', '(?<!\m(don''?t|do not|did you|i|you|we|never|not|would|didn''?t) )\m(lose|loose|forget|block'
    '|scratch|burn|trash|discard|erase) (my|this|our)( (damn|fucking|phone|cell|mobile))* (number|digits|phone'
    '|contact|info)\M', '"lose my number"'),
  ('phrase', 'stop', '\m(put|add|place) (me|us|this number|my number) (on|to)( (your|the|ur|a))* (do not|don''?t'
    '|no) (call|text|contact)|\m(do not|don''?t) (call|text|contact) (list|registry)\M',
    '"put me on your do not call list"'),
  ('phrase', 'stop', '\m(want|get|let) (me )?(out|off) (of )?(this|your|the|these|ur) (list|texts?|mailing|thread'
    '|group|chain)\M|\mi want out \.', '"i want off this list"'),
  ('phrase', 'stop', '\. ' || fillers || '((' || other_words || '|cancell|stop) )+' || fillers || '\.',
    'A sentence of the law''s words and fillers: "ok quit now please"'),
  ('phrase', 'stop', '\. stop (and )?(delete|remove|erase|unsubscribe|quit|end|cancel)\M', '"STOP & DELETE"'),
  ('phrase', 'stop', '\m(stop|cancel|end|quit) ((my|the|this|your|all) )*(subscriptions?|sub|membership in this)\M',
    '"cancel my subscription"'),
  ('phrase', 'stop', '\. ' || fillers || '(stop|' || other_words || ') ' || fillers || '((acct|account|acc|a c|no'
    '|number|num|my number|ref|for|from|to|at) )*([a-z]{1,3} )?[0-9][0-9 ]* ?\.', 'With a number: "STOP 0244123456"'),
  ('phrase', 'stop', '\. stop (4|for) ?ever\M|\. stop ?(sms|texts?|msgs?|me|marketing|2 ?(quit|end|stop|unsubscribe)'
    '|[0-9]{1,3}) \.',
    '"STOPSMS", "STOP2QUIT", "STOP MARKETING"'),
  ('phrase', 'stop', '\. ' || fillers || 'stop (it |this |that )?(sir|madam|ma ?am|ma''am|bro|bruh|dude|man|mate'
    '|guys|people|boss|oga|chale|charley|abeg|na|wai|oo+|la|lah|eh|my (guy|friend|brother|sister|man)) (please '
    '|pls )?\.',
    'With an address: "stop sir", "stop abeg"'),
  ('phrase', 'stop', '\. (sir|madam|bro|oga|boss|chale|charley|abeg|ah|oh|omg) stop (please |pls |oo+ )?\.',
    '"abeg stop"'),
  ('phrase', 'stop', '\mstop (disturbing|worrying|stressing|bothering|pestering|spamming)\M',
    '"stop disturbing my phone"'),
  ('phrase', 'stop', '\m(stop|quit) (textin|txtin|txtn|txting|messagin|msgin|callin|sendin|botherin|massaging)\M'
    '|\m(stpo|stp|sotp|stip|stap|stob|stpp|tsop) (texting|txting|messaging|sending|calling)\M', '"stop textin me"'),
  ('phrase', 'stop', '\m' || negation || ' (ever )?(text|contact|message|msg|call|write)( (me|us))? (again'
    '|any ?more)\M',
    '"never text again"'),
  ('phrase', 'stop', '\m' || negation || ' (call|text|message|email|contact|write)( (or|and|nor) (call|text|message'
    '|email|contact|write))+\M', '"do not call or text me"'),
  ('phrase', 'stop', '\m' || negation || ' (ever )?(send|sent|sending)( (me|us|this number))?( (any|more|another'
    '|these|your|such|further|damn|of|a|text|sms))* (texts?|txts?|messages?|msgs?|sms)\M',
    '"don''t send me message again"'),
  ('phrase', 'stop', '\m(do not|don''?t|no longer|never) (want|wish|care|need) to (receive|get|be (on|in|part'
    '|contacted|texted)|hear from you)( (this|these|those|them|any|anything|your|further|more|again))* \.',
    '"I no longer wish to receive these"'),
  ('phrase', 'stop', '\m(never|did not|didn''?t) (agreed?|consent(ed)?|asked?|subscribed?) (to|for)( (any|these|this'
    '|your|such|receive|get|the))* (texts?|messages?|msgs?|sms)\M', '"I never agreed to these texts"'),
  ('phrase', 'stop', '\m(remove|delete|erase|clear|take off) ((my|this|the|our|me) )?(number|no|num|nr|contact'
    '|phone)( (please|pls|now|from [a-z ]+))* \.', '"remove my no"'),
  ('phrase', 'stop', '\m(take|get|remove) (me|us) (of|off|out)( of)? (your|the|this|that|these|ur) (list|lists'
    '|database|system|texts|messages|group|thing)\M', '"take me of your list"'),
  ('phrase', 'stop', '\. (please )?take (me|us|my number) off( (this|it|now|please))* \.', '"take me off"'),
  ('phrase', 'stop', '\m(make|let) (these|the|your|those) (texts|messages|msgs) (all )?stop\M',
    '"make these texts stop"'),
  ('phrase', 'stop', '\m(told|asked|tell|telling|asking) (you|u|yall|you people) [a-z0-9 ]{0,25}to stop\M',
    '"I''ve asked you three times to stop"'),
  ('phrase', 'stop', '\mleave my (phone|number|line|inbox) (alone|in peace)\M', '"leave my phone alone"'),

  ('phrase', 'stop', '\mno mas( (de|your|these|sus|tus))* (texts?|txts?|messages?|msgs?|texting)\M',
    'In two languages: "no más texts por favor"'),

  -- Need review.
  ('phrase', 'doubtful', '\m(not|no longer|never|isn''?t|ain''?t) (at all )?interested\M|\muninterested\M',
    'Of the texts or of the offer?'),
  ('phrase', 'doubtful', '\mwrong (number|person|phone|guy|girl|lady|man|woman)\M(?! of)|\mno longer (has|uses|have'
    '|owns?) this (number|phone)\M|\m(this is|it''?s|i am|i''?m) not [a-z]+''?s? (number|phone)\M',
    'The number may have changed hands'),
  ('phrase', 'doubtful', '\m(report(ed|ing)?|block(ed|ing)?|sue|suing) (you|u|this number|these|ur|your number'
    '|this text|this message)\M|\m(fcc|ftc|tcpa|harass(ing|ment|ed)?|spam|spammers?|spamming|scam|scammers?'
    '|lawsuit)\M', 'Anger at the texts'),
  ('phrase', 'doubtful', '\mcancel (my|the|it|this|that|everything|me|all|our|please)\M',
    'Something is to be canceled: what?'),
  ('phrase', 'doubtful', '\m(did not|didn''?t|never) (sign(ed)? up|opt(ed)? in|subscribed?)\M|\m(how|where) did (you'
    '|u|ya) get (my|this) (number|info)|\mwho gave (you|u) (my|this) number|\mwhy (are|r) (you|u|yall'
    '|y''all) (still )?(texting|messaging|contacting|calling|bothering|sending)', 'A question why they are texted'),
  ('phrase', 'doubtful', '\m' || negation || ' (text|txt|message|msg|contact|call|bother|write|email) (me|us|her|him'
    '|them|this number)\M', 'At some time, or ever: "don''t text me at work"'),
  ('phrase', 'doubtful', '\m(stop|quit) ((texting|messaging|calling|contacting|bothering) (her|him|them|my)|sending'
    '|e ?mailing|mailing)\M|\m(can|could|would|will) (you|u|yall) (please )?stop\M', 'Whom, or what?'),
  ('phrase', 'doubtful', '\m(remove|delete|unlist) (me|us)\M|\mopt(ed)? out\M|\munsubscribed\M', 'From what?'),
  ('phrase', 'doubtful', '\m(sick|tired|enough) of( [a-z'']+){0,3} (texts|messages|texting|you|this|spam)\M'
    '|\mfed up\M|\myou(''re| are| r)? (so |really )?(annoying|bothering|pestering)\M|\mso annoying\M', 'Weariness'),
  ('phrase', 'doubtful', '\m(he|she|they|mom|dad|mother|father|husband|wife|son|daughter) (is |has |have |just '
    '|recently |was )*(deceased|passed away|died|dead)\M|\mdeceased\M', 'The person may be dead'),
  -- Every word of the law at the beginning or the end of a sentence, unless something explains it.
  ('phrase', 'doubtful', '\. (please |pls |plz |kindly |ok |okay |no |yes |hey |hi |hello |just |abeg |and |so |but '
    '|then )*('
    || 'stop|' || other_words || ')\M', 'A sentence that begins with a word of the law'),
  ('phrase', 'doubtful', '\m(stop|' || other_words || ') ((please|pls|now|thanks|thank you|oo+|na|sir|madam) )*\.',
    'A sentence that ends in a word of the law'),
  ('phrase', 'doubtful', '\mrevok(e|ed|ing)\M|\munsubscribed\M|\mopted out\M|\mwithdr(aw|ew|awn|awing) (my |the '
    '|all )*(consent|permission|authori[sz]ation)|\m(consent|permission) (is |has been |was )?withdrawn\M',
    'A word of the law in another form'),
  ('phrase', 'doubtful', '\m(stop|quit)\M', 'STOP or QUIT anywhere, unless something explains it'),
  ('phrase', 'doubtful', '\my (r|are) (you|u) (still )?(texting|messaging|contacting|calling|bothering|sending)\M',
    'A question why they are texted'),
  ('phrase', 'doubtful', '\munsub(?!stan|tl|dued|sidi)[a-z0-9]+\M|\mopt me\M', 'Misspelled, or with more words: "UNSUBSCR1BE"'),
  ('phrase', 'doubtful', '\. (please |pls )?no (more )?((text|marketing|promo|spam) )?(messages?|texts?|txts?|sms'
    '|marketing|promos?|promotions?|ads?|adverts?|notifications?|alerts?|spam|mms|mensajes?|mensagens|messaggi|nachrichten|berichten|werbung'
    '|publicidade?|publicite)( (please|pls|thanks|now))* \.', 'Also a sign and a word: "🚫 promos"'),
  ('phrase', 'doubtful', '\m(blocked|blocking) (and|you|your|this)\M|\m(reported|reporting) (and (blocked|deleted)'
    '|you|u|to (the )?(fcc|ftc|police|nca))\M|\mdnc\M', '"blocked and reported"'),
  ('phrase', 'doubtful', '\m(have|had|ve) (had )?enough (of|\.)|\. no interest( (thanks?|sorry|at all|in (this|it'
    '|your [a-z]+)))* \.|\mnot wanting\M|\moff (the|this|your|ur) (list|mailing)', 'A refusal'),
  ('phrase', 'doubtful', '\mno longer (a |an |the |at |with |your )*(student|customer|client|patient|tenant|resident'
    '|member)\M',
    '"I am no longer a student there"'),
  ('phrase', 'doubtful', '\m(want|need) (this|these|it|them) (all )?to (stop|end)\M|\m(must|has to|have to'
    '|needs to) (stop|end)\M',
    '"I want it to end"'),
  ('phrase', 'doubtful', '\m(you|u) (can|may|should|must|need to|have to|better) (stop|quit)\M',
    '"you can stop now"'),
  ('phrase', 'doubtful', '\m(not|isn''?t) (my|his|her|their|the right) (number|phone|cell)\M|\m(do not'
    '|don''?t) know (any|who|this|that) (one|person|is|[a-z]+) \.|\mi never (gave|give) you\M',
    'The number may have changed hands'),
  ('phrase', 'doubtful', '\m(number|phone|line|sim)\M[^.]*\m(new owner|belongs to (someone|somebody)'
    '|no longer belongs|changed owner|different owner|not (his|hers|theirs))\M|\mnew owner\M|\mwrong (no|num|nr'
    '|contact|one)\M',
    'The number may have changed hands'),
  ('phrase', 'doubtful', '\mwhy (do|did|does|are|r) (you|u|yall|they) (guys |people )?(keep |still |even '
    '|always )*(text|send|messag|contact|call|bother|disturb)[a-z]*\M', 'A question why they are texted'),
  ('phrase', 'doubtful', '\m(never|did not|didn''?t) (gave|give|gives|given|provided?) (you|u|yall|anyone'
    '|them)( (guys|people))? (my|this)\M', '"I never gave you my number"'),
  ('phrase', 'doubtful', '\mmy (lawyer|attorney|solicitor)\M|\m(will|''ll|gonna|going to) sue\M|\mlegal action\M',
    'A threat'),
  ('phrase', 'doubtful', '\. (please |pls |kindly )?discontinue\M|\munsolicited\M|\munwanted\M',
    'Messages are not wanted'),
  ('phrase', 'doubtful', '\m(?!(phone|battery|car|laptop|meter|signal|network|engine|internet|it|that|computer'
    '|tablet)\M)[a-z'']+ (has |have |had |just )*(died|passed (away|on))\M', 'The person may be dead'),
  ('phrase', 'doubtful', '\m(enrolled|registered|studying|accepted|admitted|moved) (already )?(elsewhere'
    '|somewhere else|in another|at another|away)\M', 'No longer interested'),
  ('phrase', 'doubtful', '\mno more \.|\mno more (of )?(these|this|that|it|them)\M|\mno need (to|for) (text|texts'
    '|message|messages|contact|call|sms|write)',
    '"no need to text me again"'),
  ('phrase', 'doubtful', '\m(do not|don''?t|dont|no longer|i no) (want|need) (this|that|these|those|them|it|your'
    '|again|any)( [a-z]+)?( (any ?more|any longer|please|thanks|again))* \.|\m(do not|don''?t|dont) want \.',
    '"I don''t want this"'),
  ('phrase', 'doubtful', '\. (please |pls |sorry )?no (more )?(messages?|texts?|sms|calls?|msgs?)( (or|and|no'
    '|nor) (messages?|texts?|sms|calls?|msgs?))* ((after|from|please|to|today|now|here)\M[^.]*)?\.',
    '"no calls no texts"'),
  ('phrase', 'doubtful', '\m(number|phone)\M[^.]*\m(taken (out|off)|removed|not be on|off your list)\M',
    '"my number should not be on your list"'),
  ('phrase', 'doubtful', '\m(do not|don''?t) (contact|disturb)\M|\. (please |pls |kindly )?do not call\M(?! (before'
    '|after|until|till|between|on|at|in|from|if|when))|\mdo not call (list|registry|number)\M',
    'A registry, or a wish'),
  ('phrase', 'doubtful', '\m(this is|it''?s) (a |my |our )?(land ?line|work (phone|cell|number)|business (line|phone'
    '|number)|office (line|phone)|minor|child)\M', 'Not a number for such messages'),
  ('phrase', 'doubtful', '\m(delete|close|erase) ((my|this|the) )?(account|profile|data|details|records?)\M',
    'Of the messages, or of the account?')
) as r (kind, meaning, pattern, source);

-- An instruction to opt out as the whole reply, whoever sent it (see copied_instruction).
insert into public.reply_rules (kind, meaning, language, pattern, source)
values ('phrase', 'stop', 'mul',
  '^\. ((please|pls|ok|okay|yes|hi|hello) )*((reply|respond|answer|text|txt|send|type|repond(ez|s|re)|envoy(ez|er)|envoie'
  '|tapez|textez|responda|responde|envi(ar|[ae])|digite|antworten( sie)?|antworte|sende(n sie)?|rispondi|invia|antwoord'
  '|stuur)( (with|back|us|the word|mit|con|com|avec|par|met))* (stop|stopall|end|quit|cancel|unsubscribe|opt ?out|arret'
  '|alto|baja|sair|parar)|stop|arret|alto|sair) ?(to|2|for|pour|para|zum|zur|per|om|um|se) ?'
  '(stop|end|quit|cancel|opt ?out|unsub[a-z]*|leave|be removed|arreter|annuler|((vous|se|te) )?(desabonner|desinscrire)'
  '|ne plus recevoir|terminar|cancelar|salir|sair|parar|finalizar|darse de baja|dejar de recibir|desinscrever'
  '|(sich )?ab(zu)?melden|abmeldung|beenden|annullare|disiscriversi|stoppen|(je )?af te melden|afmelden)'
  '( (receiving|getting|these|the|our|your|all|any|from|of|future|more|text|texts|txts|messages?|msgs?|sms|alerts?'
  '|notifications?|updates?|marketing|promos?|at|time|us|this|list|suscripcion|mensajes|mensagens|nachrichten'
  '|berichten|messaggi|textos?|de|des|les|los|las|nos|ces|sus|der|die|il|i|le'
  '|please|pls|plz|thanks|thank you|thx|now|ok|por favor|gracias|obrigad[oa]|svp|merci|bitte|danke|grazie|aub))* \.$',
  'A copied instruction to opt out: "Reply STOP to end texts"');

-- Matched against the reply as written, where capitals and separators count.
insert into public.reply_rules (kind, meaning, language, pattern, source, as_written)
select 'phrase', r.meaning, 'en', r.pattern, r.source, true
from (values
  ('stop', '^\W*STOP+\M(?!\W*(BY|AT|IN|SIGN|LIGHTS?|OVER)\M)', 'STOP in capitals at the beginning, whatever follows'),
  ('stop', '^\W*(STOP ?ALL|QUIT|END|CANCEL|REVOKE|UNSUBSCRIBE|OPT[- ]?OUT)(\W+[[:upper:][:digit:]''’]+){0,4}\W*$',
    'A short reply in capitals that begins with a word of the law'),
  ('stop', '^\W*(STOP|[Ss]top|QUIT|[Qq]uit|END|End|CANCEL|Cancel|REVOKE|Revoke)\s*[-–—~,(/|:]+\s*(this is |it''?s '
    '|from |I am |my name is )?[[:upper:]][[:alpha:].''’-]*(\W+[[:upper:]][[:alpha:].''’-]*){0,3}\W*$',
    'A word of the law and a signature: "Stop - Linda Nguyen"'),
  ('stop', '^\W*[Ss]top[^[:alnum:]_&]+(?!(By|At|In|The|Sign)\M)[[:upper:]][[:alpha:]''’.-]*(\W+[[:upper:]][[:alpha:'
    ']''’.-]*){0,2}(\W+[+]?[0-9][0-9 ()-]*)?\W*$', 'Stop and a name: "Stop Kofi"'),
  ('doubtful', '\m([Tt]his|[Ii]t) (isn[''’]?t|is not|ain[''’]?t) [A-Z][a-z]+\M|\mI([''’]m| am) not [A-Z][a-z]+\M',
    'The number may have changed hands: "This isn''t Maame"')
) as r (meaning, pattern, source);
