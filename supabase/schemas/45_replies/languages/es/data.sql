-- The system's rules for Spanish. Patterns are written without accents.
insert into public.reply_rules (kind, meaning, language, pattern, source, answers_question)
select 'keyword', k.meaning, 'es', btrim(word), k.source, k.answers_question
from (values
  ('stop', 'cancelar por favor, alto, pare, paren, parar, para, basta, baja, cancelar, detener, detenga, detente, '
    'salir, eliminar, borrar, desuscribir, desuscribirme, no mas mensajes, no mas textos, basta ya, alto ya, '
    'pare ya, paren ya, parenle, stop por favor, dar de baja, darse de baja, baja por favor',
    'What people text in Spanish', false),
  ('help', 'ayuda',
    'Spanish for HELP', false),
  ('doubtful', 'no mas, ya no, ya basta, terminar, terminen, termina, fin, anular, suspender, cancelen, '
    'cancele todo, cancela esto, cancela, quitar, quitame, spam, bloqueado, acoso, numero incorrecto, no molesten, '
    'no contactar, no llamar, nada mas, nada mas por favor, dejen ya, ya dejenme, vayanse, larguense, '
    'no envien nada, no manden nada mas, me salgo, quitarme, no autorizo, fuera',
    'A refusal, of the messages or of what they offer', false),
  ('doubtful', 'no, no gracias, nunca, ninguno',
    'A refusal; an answer, if we asked', true)
) as k (meaning, words, source, answers_question)
cross join lateral string_to_table(k.words, ', ') as word;

insert into public.reply_rules (kind, meaning, language, pattern, source)
select r.kind, r.meaning, 'es', r.pattern, r.source
from (values
  ('phrase', 'stop', '\m(no|ya no|nunca) ((me|nos) (escrib(a|an|as)|(mand|envi|contact|text|texte|molest|llam)(e|en'
    '|es))\M|(me |nos )?vuelv(a|an|as) a (escrib|mand|envi|contact|text|molest|llam)[a-z]*)(?! (hasta|antes|ahora'
    '|a las|en el|hoy|manana|al trabajo))', '"no me escriban"'),
  ('phrase', 'stop', '\. (por favor |ya )*no (me |nos )?molest(ar|en|e|es)( (mas|por favor|gracias))* \.|\m(quit|sac'
    '|borr|elimin)[a-z]* (me )?de (la|su|esta|tu) lista\M|\mdesu[bs]?scri[bp][a-z]*\M',
    '"no molesten más", "quitar de la lista"'),
  ('phrase', 'stop', '\m(deje|dejen|deja|dejad|paren|para|pare) (ya )?de (escrib|mand|envi|contact|text|molest|llam'
    '|joder)', '"dejen de mandar mensajes"'),
  ('phrase', 'stop', '\m(no|ya no) (quiero|deseo|queremos)( (mas|recibir|sus|estos|que me|me))* (mensajes?|textos?'
    '|llamadas?|sms|publicidad|escriban|manden|contacten|llamen|nada)\M', '"ya no quiero recibir mensajes"'),
  ('phrase', 'stop', '\m(quite|quiten|quita|saque|saquen|borre|borren|borra|elimine|eliminen|elimina|remueva'
    '|remuevan)(me|nos)\M|\m(quit|sac|borr|elimin|remuev)[a-z]* mi (numero|nombre|telefono)\M', '"borren mi número"'),
  ('phrase', 'stop', '\m(de|den|dar|dame|deme|denme|darme|quiero) ?(me )?de baja\M|\mdejeme en paz\M'
    '|\mdejenme en paz\M|\mno mas (mensajes|textos|llamadas|sms)\M|\mcancelar? (los |mis |estos )?(mensajes|textos'
    '|suscripcion)\M', '"darme de baja"'),
  ('phrase', 'stop', '\. (por favor |favor |ya )*(alto|pare|paren|parar|basta)( (ya|por favor|gracias|con (esto'
    '|los mensajes)))* \.', '"basta por favor"'),
  ('phrase', 'stop', '\m(no|ya no|nunca) (me |nos )?(vuelv(a|an|as)|quiero que (me|nos)) (a )?(escrib|mand|envi'
    '|contact|text|molest|llam)[a-z]*', '"no quiero que me contacten"'),
  ('phrase', 'stop', '\m(no|ya no) (quiero|deseo|queremos) (sus|tus|las|los|mas) (mensajes?|textos?|llamadas?|sms'
    '|promociones)', '"no quiero sus llamadas ni mensajes"'),
  ('phrase', 'stop', '\m(para|parale|paren|pare|deja|dejen|deje) de (escrib|mand|envi|contact|text|molest'
    '|llam)[a-z]*',
    '"para de escribirme"'),
  ('phrase', 'stop', '\. (por favor )?no molest(ar|en|e|es)( mas)? \.', '"no molestar"'),
  ('phrase', 'stop', '\. (por favor )?(alto|baja|pare|paren|basta) (soy |por favor )?[a-z]+( [a-z]+)?( gracias)? \.',
    'Con nombre: "BAJA - María López"'),
  ('not_phrase', 'stop', '\m(parada|paradas|alto (el|la|costo|precio)|salir a las|baja (tension|presion|el|la)'
    '|fin de|al final|a fin|para (el|la|los|las|mi|tu|su|que|cuando|inscrib[a-z]*|pagar|estudiar|saber))\M',
    'Ordinary words: "para el lunes", "fin de mes"'),
  ('not_phrase', 'stop', '\mbaja california|\mno (me|nos) corten|\mno corten|\mno (me )?llego',
    'Utilities and lost messages'),
  ('phrase', 'doubtful', '\m(numero equivocado|se equivoc|equivocado de numero|no soy [a-z]+ \.|no conozco a'
    '|no es el numero|este numero ya no|ya no es de)', 'The number may have changed hands'),
  ('phrase', 'doubtful', '\mno (me interesa|estoy interesad[oa]|tengo interes)\M', 'No interest'),
  ('phrase', 'doubtful', '\m(quien|quienes) (es|eres|son|le dio|te dio|les dio)\M|\mpor que me (escrib|mand|llam'
    '|molest)[a-z]*', 'A question why they are texted'),
  ('phrase', 'doubtful', '\m(nunca|no) (me inscribi|me registre|pedi esto|di permiso|autorice|autorizo)'
    '|\myo no me (registre|inscribi)', 'Never signed up'),
  ('phrase', 'doubtful', '\m(los|te|lo|la|les) (voy a |vamos a )?(reportar|denunciar|bloque[a-z]*)'
    '|\mvoy a denunciarlos|\m(acoso|spam|estafa)\M|\mdenunci(ar|o|are)\M', 'Anger at the messages'),
  ('phrase', 'doubtful', '\m(harto|harta|cansado|cansada|canse) de\M|\mque molest[oa]s?\M', 'Weariness'),
  ('phrase', 'doubtful', '\m(fallecio|fallecido|fallecida|murio|muerto)\M', 'The person may be dead'),
  ('phrase', 'doubtful', '\m(suspendan|cancelen|terminen|quiten|paren) (los |las |estos |con )?(mensajes?|textos?'
    '|esto|todo)', 'Messages are to end'),
  ('phrase', 'doubtful', '\mno (me )?(escriban|insistan|envien|manden|molesten)\M|\m(ya )?(me gradue'
    '|estoy inscrit[oa])\M',
    'No longer interested'),
  ('phrase', 'doubtful', '\mme quiero salir\M|\mquiero salirme\M|\msacarme de\M|\molviden mi numero\M'
    '|\msaqu?[a-z]*me\M',
    '"me quiero salir"'),
  ('phrase', 'doubtful', '\. (por favor |favor )?(alto|pare|paren|basta|baja|cancelar|cancelen)\M|\m(alto|pare|paren'
    '|basta) \.', 'A sentence that begins or ends with such a word')
) as r (kind, meaning, pattern, source);
