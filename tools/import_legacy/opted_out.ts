/** What a flag of an old service holds if it does not mean that somebody opted out. */
const NEGATIVE = [
  "",
  "false",
  "f",
  "0",
  "no",
  "n",
  "off",
  "none",
  "null",
  "n/a",
  "never",
  "-",
  "{}",
  "[]",
];

const FORBIDDEN = "(donot|dont)(contact|call|text|message|sms|disturb)|blacklisted|blocklisted";

const OPT_OUT = "^(is|has|sms|text|phone|marketing|lead|contact|customer|global)*" +
  `(optout|optedout|unsubscribed?|suppressed|dnc|dnd|${FORBIDDEN})`;

/** Names, in small letters only, of columns that say without a value that somebody opted out: a flag, a time or a reason. */
const FLAG = `${OPT_OUT}(flag|at|on|date|time|since|until|reason|sms|marketing)*$`;

/** Names of columns that say it only by one of the words of POSITIVE: others may mean that nobody opted out. */
const LISTED = `${OPT_OUT}(status|state|list|listed|registered|registry)$`;
const POSITIVE = ["true", "t", "1", "yes", "y", "on", "x"];

/** Names of columns whose words may say it. */
const WORDED =
  "(status|stage|state|tags?|labels?|consent|optin|subscription|disposition|outcome|result)$";

/** Names of columns about consent, and what ends it there; an application that is withdrawn is no opt-out. */
const CONSENT = "(consent|optin|optinstatus|subscription|permission)(status)?$";
const ENDED = "^(revoked|withdrawn|withdrew)";

const WORDS = "^(?!not(opted|unsub|revoked|supp|black|block)|neveropted)" +
  `.*(opt(ed)?out|unsubscri|(consent|permission)(revoked|withdrawn)|suppressed|${FORBIDDEN})` +
  "|^(stop|stopped|nocontact)$";

/** The abbreviations among other words, which letters alone would find in many. */
const DNC = "(^|[^a-z])(dnc|dnd)([^a-z]|$)";
const NOT = "^(no|not)[^a-z]";

const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;
const letters = (text: string): string => `regexp_replace(lower(${text}), '[^a-z]+', '', 'g')`;

/**
 * The rows of a query that say anywhere that somebody opted out: in any column, or in a key of a JSON column. Of columns
 * that contradict each other, the one that forbids counts.
 */
export const whoOptedOut = (query: string): string => `
  select q.* from (${query}) q where exists (
    select from (
      select key, value from jsonb_each_text(to_jsonb(q))
      union all
      select inner_cell.key, inner_cell.value from jsonb_each(to_jsonb(q)) cell,
        jsonb_each_text(case jsonb_typeof(cell.value) when 'object' then cell.value else '{}' end) inner_cell
    ) f
    where ${letters("f.key")} ~ ${quoted(FLAG)} and btrim(lower(f.value)) not in (${
  NEGATIVE.map(quoted).join(", ")
})
      or ${letters("f.key")} ~ ${quoted(LISTED)} and btrim(lower(f.value)) in (${
  POSITIVE.map(quoted).join(", ")
})
      or ${letters("f.key")} ~ ${quoted(CONSENT)} and ${letters("f.value")} ~ ${quoted(ENDED)}
      or ${letters("f.key")} ~ ${quoted(WORDED)} and exists (
        select from regexp_split_to_table(f.value, '[][{}";,|/]+') said where ${
  letters("said")
} ~ ${quoted(WORDS)} or said ~* ${quoted(DNC)} and btrim(said) !~* ${quoted(NOT)}))`;
