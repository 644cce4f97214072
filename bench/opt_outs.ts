import { type Meaning, replyCorpus, score } from "../tests/fixtures/reply_corpus.ts";
import type { Bench, Benchmark, Findings } from "./support/benchmark.ts";
import { usageOf } from "./support/process_cpu.ts";

const rounds = 5;

/** Milliseconds of a processor that reading a reply takes, by what was read. */
async function cpuPerReply({ sql, pid }: Bench, expected: string, replies: number) {
  const before = usageOf(pid).postgres;
  for (let round = 0; round < rounds; round++) {
    await sql`select count((private.classify_reply(null, body, sent)).meaning) from corpus where expected = ${expected}`;
  }
  return (usageOf(pid).postgres - before) / rounds / replies;
}

const percent = (part: number, all: number) => 100 * part / all;

async function measure(bench: Bench): Promise<Findings> {
  const corpus = replyCorpus();
  await bench.sql`
    create unlogged table corpus as
    select r.place, r.reply ->> 'expected' as expected, r.reply ->> 'body' as body,
      array(select jsonb_array_elements_text(r.reply -> 'sent')) as sent
    from jsonb_array_elements(${bench.sql.json(corpus)}) with ordinality as r (reply, place)`;
  const meanings = await bench.sql<{ meaning: Meaning }[]>`
    select (private.classify_reply(null, body, sent)).meaning from corpus order by place`;
  const found = score(corpus, meanings.map(({ meaning }) => meaning));
  const kept = found.revocations - found.lost.length;
  const taken = kept + found.stopped.length + found.reviewed.length;
  const share = (
    what: string,
    ours: number,
    target?: { atMost: number } | { atLeast: number },
  ) => ({
    what,
    ours,
    unit: "%",
    ...(target && { target }),
  });
  return {
    rows: [
      share(
        "Recall: revocations stopped or put before a person",
        percent(kept, found.revocations),
        {
          atLeast: 99.9,
        },
      ),
      share(
        "Precision: of what is stopped or put before a person, revocations",
        percent(kept, taken),
        {
          atLeast: 99,
        },
      ),
      share("Harmless replies taken for a STOP", percent(found.stopped.length, found.harmless), {
        atMost: 1,
      }),
      share("Harmless replies put before a person", percent(found.reviewed.length, found.harmless)),
      {
        what: "Reading a harmless reply, of a processor",
        ours: await cpuPerReply(bench, "in", found.harmless),
        unit: "ms",
      },
      {
        what: "Reading a reply that stops, of a processor",
        ours: await cpuPerReply(bench, "stop", corpus.filter((r) => r.expected === "stop").length),
        unit: "ms",
      },
    ],
    notes: [
      ...found.lost.map(({ body }) => `Lost: ${body}`),
      ...found.stopped.map(({ body }) => `Taken for a STOP: ${body}`),
    ],
  };
}

/** How well and how fast replies are read, by the corpus in tests/fixtures/replies. */
export const optOuts: Benchmark = { title: "Opt-outs in replies", run: measure };
