-- The system's rules for Portuguese. Patterns are written without accents.
insert into public.reply_rules (kind, meaning, language, pattern, source, answers_question)
select 'keyword', k.meaning, 'pt', btrim(word), k.source, k.answers_question
from (values
  ('stop', 'sair, parar, pare, parem, cancelar, descadastrar, desinscrever, remover, remover da lista, '
    'cancelar inscrição, cancelar inscricao, nao perturbe, não perturbe, sair por favor, pare por favor',
    'What people text in Portuguese; operators in Brazil ask for SAIR', false),
  ('help', 'ajuda',
    'Portuguese for HELP', false),
  ('doubtful', 'para, chega, cancela, excluir, apagar, basta, nunca mais, encerrar, terminar, bloqueado, spam, '
    'numero errado, número errado, fora, suspender, revogar, parem com isso, stop por favor, stop obrigado',
    'A refusal, of the messages or of what they offer', false),
  ('doubtful', 'não, nao, nao obrigado, não obrigado, nao obrigada, não obrigada, nunca',
    'A refusal; an answer, if we asked', true)
) as k (meaning, words, source, answers_question)
cross join lateral string_to_table(k.words, ', ') as word;

insert into public.reply_rules (kind, meaning, language, pattern, source)
select r.kind, r.meaning, 'pt', r.pattern, r.source
from (values
  ('phrase', 'stop', '\m(pare|parem|para|parar) de (me )?(mandar|enviar|escrever|ligar|incomodar|perturbar)|\m(pare'
    '|parem) com (isso|as mensagens)', '"pare de me mandar mensagens"'),
  ('phrase', 'stop', '\mnao (me )?(envie|enviem|mande|mandem|escreva|escrevam|ligue|liguem|contate|contatem|contacte'
    '|perturbe|perturbem|incomode|incomodem)\M', '"não me envie mais mensagens"'),
  ('phrase', 'stop', '\mnao (quero|desejo) (mais )?(receber|mensagens?|sms|mensagem)',
    '"não quero receber mensagens"'),
  ('phrase', 'stop', '\m(remov|exclu|apag|tir|descadastr|retir)[a-z]* (o |a )?(meu|minha) (numero|contato|telefone'
    '|nome)|\m(me|nos) (tira|tire|tirem|remova|removam|retire|retirem|descadastre)\M|\m(descadastre|remova'
    '|desinscreva|desinscrever) me\M', '"me tira da lista"'),
  ('phrase', 'stop', '\mdeix[a-z]* em paz\M|\mchega de (mensagens|sms|mensagem)', '"me deixa em paz"'),
  ('phrase', 'stop', '\. (por favor )?(parem|pare|sair)( (por favor|agora|ja|obrigad[oa]|[a-z]+))? \.',
    '"SAIR - João"'),
  ('not_phrase', 'stop', '\m(parada|sair (as|mais|de|do|da)|para (a|o|as|os|minha|meu|mim|quando|quem|segunda|terca'
    '|quarta|quinta|sexta|sabado|saber|pagar|estudar)|fim do|final do|termina|cortem|corte)\M',
    'Ordinary words: "para segunda-feira"'),
  ('phrase', 'doubtful', '\m(nao (tenho|estou) interess|numero errado|nao sou (o|a)\M|quem e voce|quem deu'
    '|nunca me inscrevi|nao autorizei|isso e spam|vou (denunciar|bloquear)|bloqueado|faleceu|morreu)',
    'Wrong number, no interest or anger'),
  ('phrase', 'doubtful', '\. (por favor )?(parem|pare|sair|chega|cancelar|basta)\M|\m(parem|pare|chega) \.',
    'A sentence that begins or ends with such a word')
) as r (kind, meaning, pattern, source);
