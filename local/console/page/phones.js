// @ts-ignore -- the server answers with the package of that name
import { html, useEffect, useRef, useState } from "./htm.js";
import { shortTime } from "./time.js";

/** The handsets, newest talk first: each has the texts that it got and those that it sent. */
function handsetsOf(texts, replies) {
  const handsets = new Map();
  const add = (phone, entry) => {
    const handset = handsets.get(phone) ?? { phone, entries: [] };
    handset.entries.push(entry);
    handsets.set(phone, handset);
  };
  for (const text of texts) {
    add(text.to, { ...text, side: "in", at: text.accepted_at, other: text.from });
  }
  for (const reply of replies) {
    add(reply.from, { ...reply, side: "out", at: reply.received_at, other: reply.to });
  }
  for (const handset of handsets.values()) {
    handset.entries.sort((a, b) => a.at < b.at ? -1 : 1);
    handset.last = handset.entries.at(-1);
  }
  return [...handsets.values()].sort((a, b) => a.last.at < b.last.at ? 1 : -1);
}

const outcome = ({ side, status, answer, provider }) => {
  if (side === "in") return `${provider}: ${status}`;
  return answer === null ? "on its way" : `the webhook answered ${answer}`;
};

/** Whom the handset answers: the number that texted it last. A name cannot be answered, so it is the demo's number then. */
const DEMO_NUMBER = "+15005550006";
const answeredNumber = (handset) => {
  const texts = handset.entries.filter(({ side }) => side === "in");
  return texts.findLast(({ provider }) => provider === "twilio")?.other ??
    handset.entries.findLast(({ side }) => side === "out")?.other ?? DEMO_NUMBER;
};

function Answer({ handset }) {
  const [body, setBody] = useState("");
  const [problem, setProblem] = useState("");
  const [to, setTo] = useState(answeredNumber(handset));
  const send = async (event) => {
    event.preventDefault();
    const response = await fetch("/console/reply", {
      method: "POST",
      body: JSON.stringify({ from: handset.phone, to, body }),
    });
    setProblem(response.ok ? "" : (await response.json()).message);
    if (response.ok) setBody("");
  };
  return html`<form class="answer" onSubmit=${send}>
    <label for="answer">Answer as ${handset.phone}</label>
    <input id="answer" value=${body} onInput=${(event) => setBody(event.target.value)} required
      autocomplete="off" />
    <label for="to">to</label>
    <input id="to" size="14" value=${to} onInput=${(event) => setTo(event.target.value)} required />
    <button>Send</button>
    <button type="button" onClick=${() => setBody("STOP")}>STOP</button>
    ${problem && html`<p role="alert">${problem}</p>`}
  </form>`;
}

function Thread({ handset }) {
  const end = useRef(null);
  useEffect(() => end.current?.scrollIntoView({ block: "nearest" }), [handset.entries.length]);
  return html`
    <section class="thread" aria-label=${`Texts of ${handset.phone}`}>
      <h2>${handset.phone}</h2>
      <div role="log" aria-live="polite" tabindex="0" aria-label=${`Texts of ${handset.phone}, oldest first`}>
        <ol>
          ${handset.entries.map((entry) =>
            html`
              <li key=${entry.id} class=${entry.side}>
                <p class="bubble">${entry.body}</p>
                <p class="meta">${entry.other} · <time datetime=${entry.at}>${shortTime(
                  entry.at,
                )}</time> ·${" "}
                  <span class=${`fate ${entry.status ?? ""}`}>${outcome(entry)}</span></p>
              </li>
            `
          )}
        </ol>
        <div ref=${end}></div>
      </div>
      <${Answer} handset=${handset} />
    </section>
  `;
}

export function Phones({ texts, replies }) {
  const [chosen, setChosen] = useState(null);
  const handsets = handsetsOf(texts, replies);
  if (handsets.length === 0) {
    return html`<p class="empty">No texts yet. Send one, as in the README's "One job by hand".</p>`;
  }
  const handset = handsets.find(({ phone }) => phone === chosen) ?? handsets[0];
  return html`
    <div class="split">
      <ul class="list" aria-label="Handsets">
          ${handsets.map(({ phone, last, entries }) =>
            html`
              <li key=${phone}><button aria-current=${phone === handset.phone} onClick=${() =>
                setChosen(phone)}>
                <strong>${phone}</strong> <span class="count">${entries.length}</span>
                <span class="preview">${last.body}</span>
              </button></li>
            `
          )}
        </ul>
      <${Thread} key=${handset.phone} handset=${handset} />
    </div>
  `;
}
