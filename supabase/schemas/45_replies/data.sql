insert into public.reply_rules (kind, meaning, language, pattern, source, undoes_only)
select 'keyword', k.meaning, 'en', btrim(word), k.source, word = 'YES'
from (values
  ('stop', 'STOP, UNSUBSCRIBE, END, QUIT, STOPALL, REVOKE, OPTOUT, OPT OUT, CANCEL', 'Twilio default keywords; 47 CFR 64.1200(a)(10)'),
  ('start', 'START, YES, UNSTOP', 'Twilio default keywords'),
  ('help', 'HELP, INFO', 'Twilio default keywords')
) as k (meaning, words, source)
cross join lateral string_to_table(k.words, ', ') as word;

insert into public.reply_rules (kind, meaning, language, pattern, source)
select 'keyword', k.meaning, k.language, btrim(word), k.source
from (values
  ('stop', 'en', 'stop all, unsub, remove, remove me, do not call, do not text, do not contact, do not disturb, dnc, no more texts, no text, stop it, stopit, stop 2, stop2end, stop 2 end, stop to end, stop2stop, reply stop, text stop, txt stop, reply with stop, block me, discontinue, cease, desist, halt',
    'What people text; 47 CFR 64.1200(a)(10): any reasonable words'),
  ('stop', 'en', 'stpo, sotp, tsop, sopt, stip, stpp, stp, stap, stopo, stpop, stops, astop, dstop, xstop, stopx, stopm, stopl, sto, cancle, optuot, opt our, stahp, stopall texts, stoo, stol, stob, srop, syop, sfop, dtop, stiop, stoip, tstop, ystop, stopk',
    'Slips of the thumb for STOP, CANCEL, QUIT and OPTOUT'),
  ('stop', 'es', 'alto, pare, paren, parar, para, basta, baja, cancelar, detener, detenga, detente, salir, eliminar, borrar, desuscribir, desuscribirme, no mas mensajes',
    'What people text in Spanish'),
  ('stop', 'fr', 'arrêt, arrêter, arrêtez, arrête, fin, désabonner, désabonnement, désinscrire, annuler, retirer, assez, désinscription, stop pub',
    'What people text in French; CRTC asks for ARRET'),
  ('stop', 'fr', 'arret, arreter, arretez, arrete, desabonner, desabonnement, desinscrire, desinscription', 'French without accents'),
  ('start', 'en', 'subscribe, resubscribe, opt in, optin, opt back in', 'What people text to opt in'),
  ('help', 'es', 'ayuda', 'Spanish for HELP'),
  ('help', 'fr', 'aide', 'French for HELP'),
  ('doubtful', 'en', 'enough, enough already, no more, not anymore, quit it, please quit, please cancel, cancel please, please end, knock it off, cut it out, count me out, i''m out, i''m done, im done, no thanks, no thank you, please no more, no more please, nope, pass, leave, quite, spot, stfu, shut up, end it, end this, end that, please end it, please end this, ok cancel, cancel ok, stop asking, stop start, delete, delete this, delete it, block, blocked, no contact',
    'A refusal, of the texts or of what they offer'),
  ('doubtful', 'es', 'no mas, ya no, no gracias, ya basta', 'A refusal, of the texts or of what they offer'),
  ('doubtful', 'fr', 'ca suffit, non merci, plus jamais', 'A refusal, of the texts or of what they offer')
) as k (meaning, language, words, source)
cross join lateral string_to_table(k.words, ', ') as word;

-- Patterns match normalized replies (see normalized_reply): a sentence is between full stops (". stop ."). Replies are
-- tried with and without accents.
with parts as (
  select
    '(s+ ?t+ ?[o0]+ ?p+|sta+h+p+)' as stop,
    '((please|pls|plz|pleas|just|ok|okay|now|already|thanks|thank you|thx|it|this|all|immediately|at once|right now|asap|yes|no|nope|hey|hi|hello|everything|forever|i said|fucking|damn|por favor|gracias|merci|svp) )*' as fillers,
    '(tex|text|txt|message|messege|mesage|msg|sms|mms|alert|notification|promo|promotion|ad|spam|solicitation|communication|contact)s?' as texts,
    '(text|txt|tex|messag|messeg|msg|contact|call|send|spamm|spam|bother|harr?ass+|pester|annoy|writ|solicit|bugg)ing' as texting,
    '(text|txt|tex|message|messege|msg|contact|sms|call|write|spam|bother|harr?ass+|disturb|solicit)' as contact,
    '(do not|don''?t|dnt|never|no longer)' as negation
)
insert into public.reply_rules (kind, meaning, language, pattern, source)
select r.kind, r.meaning, r.language, r.pattern, r.source from parts cross join lateral (values
  -- Harmless.
  ('not_phrase', 'stop', 'en', '(?<!\m(if you|you|u|yall|why|they|but i) )\m(do not|don''?t|never|can ?not|can''?t|couldn''?t|won''?t|will not|wouldn''?t|doesn''?t|didn''?t|not) (ever |even |want to |wanna |plan to |need to |have to |going to |gonna |wish to |let (me|us|them) |make me |you dare |seem to |to |just |please )*('
    || stop || '|quit|end|cancel|unsub[a-z]*|opt(ing)? out|remove (me|my|us|our|this)|delete my|delete me|lose my|(take|get) (me|us|(my|our|this) [a-z]+) (off|out)|revoke|leave (me|us) alone)\M', 'The opposite: "please don''t stop", "can''t stop laughing"'),
  ('not_phrase', 'stop', 'en', '\m(bus|pit|truck|rest|train|full|next|last|first|non|metro|tram|subway|door|quick|a|the|my|our|your|his|her|each|every|another|second|third|final|gas|lunch|dinner|coffee|bathroom) '
    || stop || '\M', 'A place or a pause: "bus stop"'),
  ('not_phrase', 'stop', 'en', '\m(told|asked|tell|ask|telling|asking|get|got|make|made) (him|her|them|my [a-z]+|the [a-z]+) to (please )?(' || stop || '|quit|leave)\M( (texting|calling|messaging|bothering))?', 'About somebody else'),
  ('not_phrase', 'stop', 'en', stop || ' (i''?m|im|i am) (laughing|dying|crying|kidding)\M|' || stop || ' (you''?re|ur) (so|too|making)\M', 'Banter'),
  ('not_phrase', 'stop', 'en', '\m(did|have|had|has|was|were) (you|u|they|he|she|i|we|someone|it) (just |already |really |ever )?(lose|lost|delete|remove|erase|block|forget|unsubscribe|' || stop || '|quit|end|cancel|leave|opt out|take me off)[a-z]*( (me|my|us)\M)?', 'A question about what was done: "did you delete my number?"'),
  ('not_phrase', 'stop', 'en', '\m(do not|don''?t|dnt|never) call( (me|us|at all|please|just|but))* (text|txt|message|sms) (me|us|is|instead|only)\M', 'Texts are what is wanted: "don''t call me, text me"'),
  ('not_phrase', 'stop', 'fr', '\marr[eê]t de (bus|tram|m[eé]tro|travail)\M', 'A place or a sick leave'),

  -- The keywords themselves, with usual additions.
  ('phrase', 'stop', 'en', '\. ' || fillers || '(' || stop || ' )+' || fillers || '\.', 'A sentence of STOP and fillers: "ok stop now please"'),
  ('phrase', 'stop', 'en', '\m(please|pls|plz|pleas|plese|kindly) ' || stop || '( \.| (this|it|that|these|those|now|already|all|everything|immediately|at once|thank you|thanks|thx|i|i''m|im|or)\M)', '"please stop", and on'),
  ('phrase', 'stop', 'en', '\. ' || stop || ' (i''m|im|i am|i have|i said|you''?re|you are|who|we are|do not|don''?t|or|wrong|not interested)\M', 'STOP, and why: "STOP I am at work"'),
  ('phrase', 'stop', 'en', '\m' || stop || ' (please|pls|plz|this (shit|crap|bullshit|nonsense)|immediately|at once|right now|asap)\M', '"stop please, i am at work"'),
  ('phrase', 'stop', 'en', '\m(un ?sub[a-z]{0,2}|un ?subs[a-z]*ri[a-z]*(?<!d)|uns[a-z]{0,6}[rci][ir]?be?s?|usubscri?be?|de ?subscribe)\M', 'UNSUBSCRIBE anywhere, and its misspellings'),
  ('phrase', 'stop', 'en', '\m(already|thought i|said i|asked to be|want to be|wanna be|like to be|please be|get|be) (unsubscribed|opted out|removed|taken off)\M', '"i already unsubscribed"'),
  ('phrase', 'stop', 'en', '\mopt(ing|ed)? (me|us|this number|my number) out\M|\mopt(ing)? ?out\M(?! of (the|my|our|a|an|that|his|her|their|school|jury|dental|medical|insurance|gym|work|lunch|dinner)\M(?! (text|sms|message|list|mailing|marketing|campaign)))', '"opt me out", "i want to opt out of these"'),

  -- Messages are to end.
  ('phrase', 'stop', 'en', '\m(' || stop || '|quit|cease|halt|end|discontinue)( (all|any|of|the|these|those|this|that|them|your|ur|my|me|more|further|future|with|w|it|sending|getting|damn|fucking|stupid|marketing|automated|from))* ('
    || texts || '|' || texting || ')\M(?! (her|him|them|each other|while|and driv|my (mom|mother|dad|wife|husband|son|daughter|ex)|(me )?(the|my|our) (bill|invoice|statement|package|letter|mail)))', '"stop texting me", "end all messages"'),
  ('phrase', 'stop', 'en', '\mstop' || texting || '(me|us|this|it)?\M|\m(stp|spot|stip|stap|stob|sto|stpp) ' || texting || ' (me|us|my)\M', '"stoptexting me", "stp texting me"'),
  ('phrase', 'stop', 'en', '\mcancel( (all|the|these|those|this|your|my|future|any|more|further))* (text|txt|message|msg|sms)s?\M', '"cancel these texts"'),
  ('phrase', 'stop', 'en', '\m(no|zero) (more|further|additional)( (please|of|these|your))* (' || texts || '|' || texting || '|contact|calls)\M', '"no more texts"'),
  ('phrase', 'stop', 'en', '\. (please |pls |and |so )?no ((texts|texting|messaging|txts|sms|spam|solicit(ing|ors|ations?))( (please|pls|thanks|thank you|to this number))*|(messages|msgs) (please|pls|thanks|thank you|to this number)) \.', '"no texts please"'),
  ('phrase', 'stop', 'en', '\menough( (with|of|already))*( (the|these|your|all))* (texts|messages|texting|spam)\M', '"enough with the texts"'),
  ('phrase', 'stop', 'en', '\mhow (do|can|would|could) (i|we) (stop|end|quit|get out of|get off|cancel) (this|these|those|them|getting|receiving|your|the texts|the messages)\M', 'A question how to opt out'),
  ('phrase', 'stop', 'en', '\m(make|let) (it|this|them|these|the (texts|messages)) (all )?' || stop || '( (please|now))* \.', '"make it stop"'),
  ('phrase', 'stop', 'en', '\m(told|asked|telling|asking|want|need|like|begging) (you|u|yall|y''all|you guys|you people) (to )?(please )?' || stop || '( (now|please|already|this|it|many times))* \.', '"i asked you to stop"'),
  ('phrase', 'stop', 'en', '\m(wrong (number|person|phone)|not interested|no thanks?|no thank you|enough|spam|scam|so|again|times?|and|number|list|off) ' || stop || ' \.', 'A refusal that ends in STOP: "wrong number stop"'),

  -- We are to leave the person alone.
  ('phrase', 'stop', 'en', '(?<!\m(i|we|they|you|u|who) )\m(do not|don''?t|dnt) (you )?(ever )?(again )?' || contact || '( (to|with))?( (me|us|this number|this phone|here|my (phone|number|cell)))?( (again|any ?more|any longer|ever|please|pls|plz|thanks|thank you|thx|at all|back|period|ok))* \.', '"do not text me", to the end of the sentence'),
  ('phrase', 'stop', 'en', '\m' || negation || ' (you )?(ever )?(again )?' || contact || ' (me|us|this number|this phone|here|my (phone|number|cell))( (again|any ?more|any longer|ever|please|thanks|at all|back))* \.', '"never contact me"'),
  ('phrase', 'stop', 'en', '\m' || negation || ' (you )?(ever )?' || contact || ' (me|us|this number|here)\M[^.]*\m(again|any ?more|any longer|ever)\M', '"don''t text me about this ever again"'),
  ('phrase', 'stop', 'en', '\m(do not|don''?t|dnt|never) send( (me|us|this number))?( (any|more|another|these|your|such|further|damn|of))* (texts|txts|messages|msgs|sms|anything|stuff|crap|shit|ads|offers|spam|promos|promotions)\M', '"don''t send me any more messages"'),
  ('phrase', 'stop', 'en', '\m(do not|don''?t|dnt|no longer|never|did not|didn''?t) (want|wanna|wish|need|care|agree|consent|ask(ed)? for)( (to|any|more|your|ur|these|those|such|this|be|get|getting|receive|receiving|have|keep|further|from|you|all|of|hear|automated|marketing))* (texts|txts|messages|msgs|sms|alerts|notifications|spam|ads|promos|promotions|offers|calls|communications?|texted|messaged|contacted|called|bothered|solicited|from you)\M', '"i don''t want any more texts"'),
  ('phrase', 'stop', 'en', '(?<!(not|don''?t|never|didn''?t|won''?t|could) )\mleave (me|us)( the (fuck|hell|heck)| tf)? (alone|be \.|be\M(?= (please|now|already)))', '"leave me alone"'),
  ('phrase', 'stop', 'en', '\m(fuck|fuk|fck|piss|bugger|sod|eff|f|buzz|shove) (the fuck )?off\M( (\.|and|you|u|with|now|already|please|bitch|asshole|cunt|spammers?|scammers?))|\m(fuck|fuk|fck|screw) (you|u|yourself|ya|off)\M(?!'')|\mgo (fuck|screw) yoursel|\mgo to hell\M', 'Not polite, but clear'),
  ('phrase', 'stop', 'en', '\. (please |pls |just |ok |now )*(go away|get lost|piss off|bug off|back off)( (please|now|forever|already|creep|spammer))* \.', '"go away"'),
  ('phrase', 'stop', 'en', '\. (please |pls |just |go )*(text|message|msg|bother|call|spam) (someone|somebody) else\M', '"text someone else"'),
  ('phrase', 'stop', 'en', '\mcease and desist\M|\mdesist\M', 'A demand'),
  ('phrase', 'stop', 'en', '\. i (hereby )?revoke( this)? \.|\m(revoke|revoking|withdraw|withdrawing|rescind)( (my|all|any|our|prior))* (consent|permission|authorization)\M|\m(do not|don''?t|did not|didn''?t|never) (consent|(gave|give|given) (you )?(my |any )?(consent|permission|authorization))', 'Revocation in the law''s own words'),
  ('phrase', 'stop', 'en', '\m(please|pls|plz|kindly) (remove|delete|discontinue)( (asap|now|thanks|thank you|immediately))* \.|\m(remove|delete|take) (off|from) (the |your |this |ur )?(list|mailing|texts?|database)\M', '"kindly remove"'),

  -- The number is to be removed.
  ('phrase', 'stop', 'en', '\m(remove|delete|erase|unlist|exclude) (me|us|(my|this|our)( (cell|phone|mobile|contact|number|name|info|information|data|details))+)\M(?! from (the|my|our) (?!(list|mailing|text|sms|message|contact|call|database|system|group|marketing|dist)))', '"remove me", "delete my number"'),
  ('phrase', 'stop', 'en', '\m(take|get|strike|pull|keep|leave) (me|us|my (number|name|phone|cell|info)|this number) (off|out|from)( (of|your|ur|the|this|that|these|those|all|any|every|mailing|calling|call|contact|text|texting|sms|marketing|phone|spam|message|messaging|damn|fucking|stupid))*( (list|lists|database|system|texts?|messages?|thread|group|chain|program))? (\.|please|pls|plz|now|asap|immediately|thank|thanks|thx|and|or|i|before|today)', '"take me off your list"'),
  ('phrase', 'stop', 'en', '(?<!\m(don''?t|do not|did you|i|you|we|never|not|would|didn''?t) )\m(lose|loose|forget|block|scratch|burn|trash|discard|erase) (my|this|our)( (damn|fucking|phone|cell|mobile))* (number|digits|phone|contact|info)\M', '"lose my number"'),
  ('phrase', 'stop', 'en', '\m(put|add|place) (me|us|this number|my number) (on|to)( (your|the|ur|a))* (do not|don''?t|no) (call|text|contact)|\m(do not|don''?t) (call|text|contact) (list|registry)\M', '"put me on your do not call list"'),
  ('phrase', 'stop', 'en', '\m(want|get|let) (me )?(out|off) (of )?(this|your|the|these|ur) (list|texts?|mailing|thread|group|chain)\M|\mi want out \.', '"i want off this list"'),

  ('phrase', 'stop', 'es', '\m(no|ya no|nunca) ((me|nos) (escrib(a|an|as)|(mand|envi|contact|text|texte|molest|llam)(e|en|es))\M|(me |nos )?vuelv(a|an|as) a (escrib|mand|envi|contact|text|molest|llam)[a-z]*)(?! (hasta|antes|ahora|a las|en el|hoy|manana|al trabajo))', '"no me escriban"'),
  ('phrase', 'stop', 'es', '\. (por favor |ya )*no (me |nos )?molest(ar|en|e|es)( (mas|por favor|gracias))* \.|\m(quit|sac|borr|elimin)[a-z]* (me )?de (la|su|esta|tu) lista\M|\mdesu[bs]?scri[bp][a-z]*\M', '"no molesten más", "quitar de la lista"'),
  ('phrase', 'stop', 'es', '\m(deje|dejen|deja|dejad|paren|para|pare) (ya )?de (escrib|mand|envi|contact|text|molest|llam|joder)', '"dejen de mandar mensajes"'),
  ('phrase', 'stop', 'es', '\m(no|ya no) (quiero|deseo|queremos)( (mas|recibir|sus|estos|que me|me))* (mensajes?|textos?|llamadas?|sms|publicidad|escriban|manden|contacten|llamen|nada)\M', '"ya no quiero recibir mensajes"'),
  ('phrase', 'stop', 'es', '\m(quite|quiten|quita|saque|saquen|borre|borren|borra|elimine|eliminen|elimina|remueva|remuevan)(me|nos)\M|\m(quit|sac|borr|elimin|remuev)[a-z]* mi (numero|nombre|telefono)\M', '"borren mi número"'),
  ('phrase', 'stop', 'es', '\m(de|den|dar|dame|deme|denme|darme|quiero) ?(me )?de baja\M|\mdejeme en paz\M|\mdejenme en paz\M|\mno mas (mensajes|textos|llamadas|sms)\M|\mcancelar? (los |mis |estos )?(mensajes|textos|suscripcion)\M', '"darme de baja"'),
  ('phrase', 'stop', 'es', '\. (por favor |favor |ya )*(alto|pare|paren|parar|basta)( (ya|por favor|gracias|con (esto|los mensajes)))* \.', '"basta por favor"'),
  ('phrase', 'stop', 'fr', '\m(arretez|arrete|cessez|veuillez (arreter|cesser)|merci d''arreter) ?(de |d'')?(m''|me |nous )?(ecrire|envoyer|texter|contacter|appeler|harceler|deranger|spammer|les (textos|messages|sms))', '"arrêtez de m''écrire"'),
  ('phrase', 'stop', 'fr', '\mne (m''|me |nous )?(ecri|envo|contact|text|appel|derang)[a-z]* (plus|jamais|pas \.)|\mne plus (rien )?recevoir\M|\mne plus (m''|me |nous )?(ecrire|envoyer|contacter|texter|appeler)', '"ne m''écrivez plus"'),
  ('phrase', 'stop', 'fr', '\m(desabonn|desinscri|retir|enlev|supprim|effac)[a-z]* (moi|nous|mon (numero|nom|telephone))\M|\mme (desabonner|desinscrire|retirer)\M|\mplus (de|aucun) (messages?|textos?|sms)\M', '"désabonnez-moi"'),
  ('phrase', 'stop', 'fr', '\m(je ne veux|je veux) (plus|pas)( (recevoir|de|vos|ces|aucun|être|etre))* (messages?|textos?|sms|contacte|publicites?)\M|\m(laissez|laisse|fichez|foutez|fous|lachez|lache) (moi|nous)( la)? ?(tranquille|paix)?\M', '"je ne veux plus de textos"'),
  ('phrase', 'stop', 'fr', '\. (s''il (vous|te) plait |svp )*(arretez|arrete|arret|stop)( (ca|maintenant|merci|svp|s''il (vous|te) plait|tout))* \.', '"arrêtez s''il vous plaît"'),

  -- Need review.
  ('phrase', 'doubtful', 'en', '\m(not|no longer|never|isn''?t|ain''?t) (at all )?interested\M|\muninterested\M', 'Of the texts or of the offer?'),
  ('phrase', 'doubtful', 'en', '\mwrong (number|person|phone|guy|girl|lady|man|woman)\M(?! of)|\mno longer (has|uses|have|owns?) this (number|phone)\M|\m(this is|it''?s|i am|i''?m) not [a-z]+''?s? (number|phone)\M', 'The number may have changed hands'),
  ('phrase', 'doubtful', 'en', '\m(report(ed|ing)?|block(ed|ing)?|sue|suing) (you|u|this number|these|ur|your number|this text|this message)\M|\m(fcc|ftc|tcpa|harass(ing|ment|ed)?|spam|spammers?|spamming|scam|scammers?|lawsuit)\M', 'Anger at the texts'),
  ('phrase', 'doubtful', 'en', '\mcancel (my|the|it|this|that|everything|me|all|our|please)\M', 'Something is to be canceled: what?'),
  ('phrase', 'doubtful', 'en', '\m(did not|didn''?t|never) (sign(ed)? up|opt(ed)? in|subscribed?)\M|\m(how|where) did (you|u|ya) get (my|this) (number|info)|\mwho gave (you|u) (my|this) number|\mwhy (are|r) (you|u|yall|y''all) (still )?(texting|messaging|contacting|calling|bothering|sending)', 'A question why they are texted'),
  ('phrase', 'doubtful', 'en', '\m' || negation || ' (text|txt|message|msg|contact|call|bother|write|email) (me|us|her|him|them|this number)\M', 'At some time, or ever: "don''t text me at work"'),
  ('phrase', 'doubtful', 'en', '\m(stop|quit) ((texting|messaging|calling|contacting|bothering) (her|him|them|my)|sending|e ?mailing|mailing)\M|\m(can|could|would|will) (you|u|yall) (please )?' || stop || '\M', 'Whom, or what?'),
  ('phrase', 'doubtful', 'en', '\m(remove|delete|unlist) (me|us)\M|\mopt(ed)? out\M|\munsubscribed\M', 'From what?'),
  ('phrase', 'doubtful', 'en', '\m(sick|tired|enough) of( [a-z'']+){0,3} (texts|messages|texting|you|this|spam)\M|\mfed up\M|\myou(''re| are| r)? (so |really )?(annoying|bothering|pestering)\M|\mso annoying\M', 'Weariness'),
  ('phrase', 'doubtful', 'en', '\m' || stop || ' \.', 'A sentence that ends in STOP, when nothing explains it'),
  ('phrase', 'doubtful', 'en', '\m(he|she|they|mom|dad|mother|father|husband|wife|son|daughter) (is |has |have |just |recently |was )*(deceased|passed away|died|dead)\M|\mdeceased\M', 'The person may be dead'),
  ('phrase', 'doubtful', 'es', '\mnumero equivocado\M|\mno (me interesa|estoy interesad[oa])\M|\mquien (es|eres|te dio)\M.*\mnumero\M|\mme equivoc', 'Wrong number, or no interest'),
  ('phrase', 'doubtful', 'fr', '\m(mauvais|faux) numero\M|\m(pas|plus) interesse|\mnumero errone', 'Wrong number, or no interest')
) as r (kind, meaning, language, pattern, source);
