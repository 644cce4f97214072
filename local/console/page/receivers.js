// @ts-ignore -- the server answers with the package of that name
import { html, useState } from "./htm.js";
import { shortTime } from "./time.js";

const ANSWERS = [[200, "200, accepts"], [500, "500, fails"], [410, "410, is gone for good"]];

const verdict = ({ verified }) =>
  verified === null ? "not checked" : verified ? "signature valid" : "signature wrong";

const pretty = (body) => {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
};

/** Tells a receiver something, which makes it if there is none; gives what is wrong, or nothing. */
async function tell(name, settings) {
  const response = await fetch("/console/receiver", {
    method: "POST",
    body: JSON.stringify({ name, ...settings }),
  });
  return response.ok ? "" : (await response.json()).message;
}

function NewReceiver({ onMade }) {
  const [name, setName] = useState("");
  const [problem, setProblem] = useState("");
  const add = async (event) => {
    event.preventDefault();
    const fault = await tell(name, {});
    setProblem(fault);
    if (fault) return;
    onMade(name);
    setName("");
  };
  return html`
    <form class="filters" onSubmit=${add}>
      <label>New receiver <input value=${name} required pattern="[a-z0-9\\-]{1,40}" title="Small letters, digits and hyphens"
        onInput=${(event) => setName(event.target.value)} /></label>
      <button>Add</button>
      ${problem && html`<p role="alert">${problem}</p>`}
    </form>
  `;
}

function Settings({ receiver }) {
  const [secret, setSecret] = useState("");
  const [problem, setProblem] = useState("");
  const save = async (event) => {
    event.preventDefault();
    const fault = await tell(receiver.name, { secret });
    setProblem(fault);
    if (!fault) setSecret("");
  };
  return html`<form class="filters" onSubmit=${save}>
    <label>Secret <input value=${secret} autocomplete="off" size="40"
      placeholder=${receiver.has_secret ? "known" : "whsec_…, as the webhook showed it"}
      onInput=${(event) => setSecret(event.target.value)} /></label>
    <button>Save</button>
    <label>Answers <select value=${String(receiver.answer)} onChange=${(event) =>
    tell(receiver.name, { answer: Number(event.target.value) }).then(setProblem)}>
      ${
    ANSWERS.map(([status, label]) =>
      html`
        <option key=${status} value=${String(status)}>${label}</option>
      `
    )
  }
    </select></label>
    ${problem && html`<p role="alert">${problem}</p>`}
  </form>`;
}

function Receiver({ receiver }) {
  return html`<section class="thread" aria-label=${`Receiver ${receiver.name}`}>
    <h2>${receiver.name}</h2>
    <p class="meta">Address for POST /admin/integrations/webhooks: <code>${receiver.url}</code></p>
    <${Settings} receiver=${receiver} />
    ${receiver.received.length === 0 && html`<p class="empty">Nothing yet.</p>`}
    <div role="log" aria-live="polite" tabindex="0" aria-label="Requests, newest first"><ol>
      ${
    receiver.received.map((one) =>
      html`
        <li key=${`${one.id}${one.received_at}`}>
          <details>
            <summary><strong>${one.type || "no JSON"}</strong> · ${shortTime(
              one.received_at,
            )} ·${" "}
              <span class=${`fate ${
                one.verified === false ? "failed" : one.verified ? "delivered" : ""
              }`}>${verdict(one)}</span> ·${" "}
              answered ${one.answered}</summary>
            <p class="meta">${one.id}</p>
            <pre tabindex="0">${pretty(one.body)}</pre>
          </details>
        </li>
      `
    )
  }
    </ol></div>
  </section>`;
}

export function Receivers({ receivers }) {
  const [chosen, setChosen] = useState(null);
  const receiver = receivers.find(({ name }) => name === chosen) ?? receivers[0];
  return html`
    <div class="split">
      <div class="list">
        <${NewReceiver} onMade=${setChosen} />
        <ul class="names" aria-label="Receivers">
            ${receivers.map(({ name, received }) =>
              html`
                <li key=${name}><button aria-current=${name === receiver.name} onClick=${() =>
                  setChosen(name)}>
                  <strong>${name}</strong> <span class="count">${received.length}</span>
                  <span class="preview">${received[0]?.type ?? "nothing yet"}</span>
                </button></li>
              `
            )}
          </ul>
      </div>
      ${receiver
        ? html`<${Receiver} key=${receiver.name} receiver=${receiver} />`
        : html`<p class="empty">No receivers yet. Add one, and give its address to a webhook.</p>`}
    </div>
  `;
}
