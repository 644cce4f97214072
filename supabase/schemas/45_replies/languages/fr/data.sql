-- The system's rules for French. Patterns are written without accents.
insert into public.reply_rules (kind, meaning, language, pattern, source, answers_question)
select 'keyword', k.meaning, 'fr', btrim(word), k.source, k.answers_question
from (values
  ('stop', 'arrêt, arrêter, arrêtez, arrête, fin, désabonner, désabonnement, désinscrire, annuler, retirer, assez, '
    'désinscription, stop pub, stop svp, arrêtez svp, arrete stp, stop s''il vous plait',
    'What people text in French; CRTC asks for ARRET', false),
  ('stop', 'arret, arreter, arretez, arrete, desabonner, desabonnement, desinscrire, desinscription, retirez moi',
    'French without accents', false),
  ('help', 'aide',
    'French for HELP', false),
  ('doubtful', 'ca suffit, plus jamais, ca suffit maintenant, terminer, terminé, termine, fini, quitter, sortir, '
    'résilier, resilier, résiliez, supprimer, supprimez tout, stoppez, stoppez ca, dégagez, degagez, allez vous en, '
    'ne pas déranger, pas de message, pas de messages, pas de sms, plus rien, oubliez moi, opposition, '
    'je m''oppose, arrêtez tout, annulez, annulez tout, bloqué, bloque, harcèlement, non interesse, ras le bol',
    'A refusal, of the messages or of what they offer', false),
  ('doubtful', 'non, non merci, jamais',
    'A refusal; an answer, if we asked', true)
) as k (meaning, words, source, answers_question)
cross join lateral string_to_table(k.words, ', ') as word;

insert into public.reply_rules (kind, meaning, language, pattern, source)
select r.kind, r.meaning, 'fr', r.pattern, r.source
from (values
  ('phrase', 'stop', '\m(arretez|arrete|cessez|veuillez (arreter|cesser)|merci d''arreter) ?(de |d'')?(m''|me '
    '|nous )?(ecrire|envoyer|texter|contacter|appeler|harceler|deranger|spammer|les (textos|messages|sms))',
    '"arrêtez de m''écrire"'),
  ('phrase', 'stop', '\mne (m''|me |nous )?(ecri|envo|contact|text|appel|derang)[a-z]* (plus|jamais|pas \.)'
    '|\mne plus (rien )?recevoir\M|\mne plus (m''|me |nous )?(ecrire|envoyer|contacter|texter|appeler)',
    '"ne m''écrivez plus"'),
  ('phrase', 'stop', '\m(desabonn|desinscri|retir|enlev|supprim|effac)[a-z]* (moi|nous|mon (numero|nom|telephone))\M'
    '|\mme (desabonner|desinscrire|retirer)\M|\mplus (de|aucun) (messages?|textos?|sms)\M', '"désabonnez-moi"'),
  ('phrase', 'stop', '\m(je ne veux|je veux) (plus|pas)( (recevoir|de|vos|ces|aucun|être|etre))* (messages?|textos?'
    '|sms|contacte|publicites?)\M|\m(laissez|laisse|fichez|foutez|fous|lachez|lache) (moi|nous)( la)? ?(tranquille'
    '|paix)?\M', '"je ne veux plus de textos"'),
  ('phrase', 'stop', '\. (s''il (vous|te) plait |svp )*(arretez|arrete|arret|stop)( (ca|maintenant|merci|svp'
    '|s''il (vous|te) plait|tout))* \.', '"arrêtez s''il vous plaît"'),
  ('phrase', 'stop', '\mne m''(ecri|envo|appel)[a-z]* (plus|jamais|pas \.)', '"ne m''écrivez plus"'),
  ('phrase', 'stop', '\. (s''il (vous|te) plait |svp )*(arretez|arrete|arret)( (ca|maintenant|merci|svp|stp'
    '|s''il (vous|te) plait|tout))* [a-z]* ?\.', 'Avec un nom: "ARRET - Koffi"'),
  ('not_phrase', 'stop', '\m(arret de (bus|tram|metro|travail)|prochain arret|quel arret|fin (du|de|des)|la fin'
    '|assez (loin|bien|pres|de|cher|grand)|ne (coupez|debranchez))\M', 'Ordinary words: "à la fin du mois"'),
  ('phrase', 'doubtful', '\m(mauvais|faux) numero\M|\m(pas|plus) interesse|\mnumero errone|\mvous vous trompez'
    '|\mce n''est (pas|plus)\M|\mje ne suis pas [a-z]+ \.', 'Wrong number, or no interest'),
  ('phrase', 'doubtful', '\m(qui etes vous|qui vous a donne|pourquoi m''ecri|pourquoi vous m)'
    '|\mje ne me suis jamais\M|\mje n''ai (rien demande|pas donne)', 'A question why they are texted'),
  ('phrase', 'doubtful', '\mc''est (du |de la )?(spam|harcelement|arnaque)|\m(signaler|bloque|harcelement|spam'
    '|porter plainte)\M|\men ai marre\M', 'Anger at the messages'),
  ('phrase', 'doubtful', '\m(decede|decedee|mort|morte)\M', 'The person may be dead'),
  ('phrase', 'doubtful', '\mne (plus|pas) (ecrire|deranger|contacter)|\mne me derange|\m(pas|plus) de (sms|messages?'
    '|textos?)\M|\moubliez mon\M|\mdeja inscrit', 'Messages are not wanted'),
  ('phrase', 'doubtful', '\. (svp |s''il vous plait )?(arretez|arrete|arreter|stop|annulez|resiliez|supprimez)\M'
    '|\m(arretez|arrete) \.', 'A sentence that begins or ends with such a word')
) as r (kind, meaning, pattern, source);
