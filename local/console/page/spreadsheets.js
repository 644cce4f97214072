// @ts-ignore -- the server answers with the package of that name
import { html, useEffect, useState } from "./htm.js";

const SHOWN_ROWS = 200;

function Tab({ tab }) {
  const [head = [], ...rows] = tab.rows.slice(0, SHOWN_ROWS + 1);
  const more = tab.rows.length - 1 - rows.length;
  return html`
    <table>
      <caption>${tab.title}${tab.hidden && " (hidden)"}${more > 0 &&
        ` – ${more} more rows`}</caption>
      <thead>
        <tr>${head.map((cell, at) => {
          const text = String(cell ?? "");
          return text === ""
            ? html`<td key=${at}></td>`
            : html`<th scope="col" key=${at}>${text}</th>`;
        })}</tr>
      </thead>
      <tbody>${rows.map((row, index) =>
        html`
          <tr key=${index}>${row.map((cell, at) =>
            html`<td key=${at}>${String(cell ?? "")}</td>`
          )}</tr>
        `
      )}</tbody>
    </table>
  `;
}

/** What a spreadsheet of the simulated Google holds; it is read again when its tabs change. */
function Content({ spreadsheet }) {
  const [tabs, setTabs] = useState([]);
  useEffect(() => {
    let open = true;
    fetch(`/google/spreadsheets/${spreadsheet.id}`).then((response) => response.json())
      .then((body) => open && setTabs(body.tabs));
    return () => open = false;
  }, [JSON.stringify(spreadsheet)]);
  return html`
    <article class="plain">
      <h2>${spreadsheet.title}</h2>
      <p class="meta">${spreadsheet
        .id} · shared with ${Object.keys(spreadsheet.shared).join(", ") || "nobody"}</p>
      ${tabs.map((tab) => html`<${Tab} key=${tab.sheetId} tab=${tab} />`)}
    </article>
  `;
}

export function Spreadsheets({ spreadsheets }) {
  const [chosen, setChosen] = useState(null);
  if (spreadsheets.length === 0) {
    return html`<p class="empty">No spreadsheets yet: <code>POST /google/spreadsheets</code> makes one.</p>`;
  }
  const spreadsheet = spreadsheets.find(({ id }) => id === chosen) ?? spreadsheets[0];
  return html`
    <div class="split">
      <ul class="list" aria-label="Spreadsheets">
          ${spreadsheets.map(({ id, title, tabs }) =>
            html`
              <li key=${id}><button aria-current=${id === spreadsheet.id} onClick=${() =>
                setChosen(id)}>
                <strong>${title}</strong>
                <span class="preview">${tabs.map((tab) => tab.title).join(", ")}</span>
              </button></li>
            `
          )}
        </ul>
      <${Content} key=${spreadsheet.id} spreadsheet=${spreadsheet} />
    </div>
  `;
}
