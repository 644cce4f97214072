// @ts-ignore -- the server answers with the package of that name
import { html, render, useEffect, useRef, useState } from "./htm.js";
import { Jobs } from "./jobs.js";
import { Lines } from "./lines.js";
import { Mailbox } from "./mailbox.js";
import { People } from "./people.js";
import { Phones } from "./phones.js";
import { Receivers } from "./receivers.js";
import { Spreadsheets } from "./spreadsheets.js";

const TABS = [
  ["phones", "Phones"],
  ["mailbox", "Mailbox"],
  ["receivers", "Webhooks"],
  ["spreadsheets", "Spreadsheets"],
  ["people", "People"],
  ["jobs", "Jobs"],
  ["lines", "Log"],
];
const KEPT_LINES = 500;
const EMPTY = { texts: [], replies: [], mails: [], jobs: [], receivers: [], spreadsheets: [] };

/** What the stack tells, as it tells it. */
function useStack() {
  const [state, setState] = useState(EMPTY);
  const [lines, setLines] = useState([]);
  const [connected, setConnected] = useState(false);
  useEffect(() => {
    const source = new EventSource("/console/events");
    source.onopen = () => setConnected(true);
    source.onerror = () => setConnected(false);
    source.addEventListener("state", ({ data }) => setState(JSON.parse(data)));
    source.addEventListener("lines", ({ data }) => setLines(JSON.parse(data)));
    source.addEventListener(
      "line",
      ({ data }) => setLines((known) => [...known, JSON.parse(data)].slice(-KEPT_LINES)),
    );
    return () => source.close();
  }, []);
  return { state, lines, connected };
}

/** Arrow keys move between tabs, as in every list of tabs. */
function Tabs({ active, counts, onSelect }) {
  const list = useRef(null);
  const move = (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const index = TABS.findIndex(([name]) => name === active);
    const [next] = TABS[(index + step + TABS.length) % TABS.length];
    onSelect(next);
    list.current.querySelector(`#tab-${next}`).focus();
  };
  return html`<div role="tablist" aria-label="Parts of the stack" ref=${list} onKeyDown=${move}>
    ${
    TABS.map(([name, label]) =>
      html`
        <button role="tab" id=${`tab-${name}`} key=${name} aria-selected=${name === active}
          aria-controls="panel" tabindex=${name === active ? 0 : -1} onClick=${() =>
            onSelect(name)}>
          ${label}${counts[name] > 0 && html`
            <span class="count">${counts[name]}</span>
          `}
        </button>
      `
    )
  }
  </div>`;
}

function App() {
  const { state, lines, connected } = useStack();
  const [active, setActive] = useState(location.hash.slice(1) || "phones");
  const select = (name) => {
    history.replaceState(null, "", `#${name}`);
    setActive(name);
  };
  const counts = {
    phones: state.texts.length,
    mailbox: state.mails.length,
    receivers: state.receivers.reduce((sum, { received }) => sum + received.length, 0),
    jobs: state.jobs.filter(({ last_status }) => last_status === "failed").length,
  };
  return html`
    <header>
      <h1>Signalbox <span>local stack</span></h1>
      <p role="status" class=${connected ? "on" : "off"}>${connected ? "Live" : "Not connected"}</p>
      <nav aria-label="Elsewhere"><a href="/docs">API</a></nav>
    </header>
    <main>
      <${Tabs} active=${active} counts=${counts} onSelect=${select} />
      <div id="panel" role="tabpanel" aria-labelledby=${`tab-${active}`} tabindex="0">
      ${active === "phones" && html`<${Phones} texts=${state.texts} replies=${state.replies} />`}
      ${active === "mailbox" && html`<${Mailbox} mails=${state.mails} />`}
      ${active === "receivers" && html`<${Receivers} receivers=${state.receivers} />`}
      ${active === "spreadsheets" && html`<${Spreadsheets} spreadsheets=${state.spreadsheets} />`}
      ${active === "people" && html`<${People} />`}
      ${active === "jobs" && html`<${Jobs} jobs=${state.jobs} />`}
      ${active === "lines" && html`<${Lines} lines=${lines} />`}
      </div>
    </main>
  `;
}

render(html`<${App} />`, document.getElementById("app"));
