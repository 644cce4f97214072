// @ts-ignore -- the server answers with the package of that name
import { html, useState } from "./htm.js";
import { shortTime } from "./time.js";

const levelOf = (text) => /"level":"(\w+)"/.exec(text)?.[1] ?? "info";

export function Lines({ lines }) {
  const [filter, setFilter] = useState("");
  const [level, setLevel] = useState("");
  const shown = lines.filter((line) =>
    (level === "" || levelOf(line.text) === level) &&
    `${line.function} ${line.text}`.toLowerCase().includes(filter.toLowerCase())
  ).slice(-200).reverse();
  return html`<div class="plain">
    <form class="filters" onSubmit=${(event) => event.preventDefault()}>
      <label>Contains <input type="search" value=${filter} onInput=${(event) =>
    setFilter(event.target.value)} /></label>
      <label>Level <select value=${level} onChange=${(event) => setLevel(event.target.value)}>
        <option value="">all</option><option>info</option><option>warn</option><option>error</option>
      </select></label>
    </form>
    ${
    shown.length === 0 && html`<p class="empty">No lines. Functions write one for each request.</p>`
  }
    <ol class="lines" aria-label="Lines of the functions, newest first">
      ${
    shown.map((line, index) =>
      html`
        <li key=${`${line.at}${index}`} class=${levelOf(line.text)}>
          <time>${shortTime(line.at)}</time> <strong>${line.function}</strong> <code>${line
            .text}</code>
        </li>
      `
    )
  }
    </ol>
  </div>`;
}
