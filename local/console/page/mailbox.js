// @ts-ignore -- the server answers with the package of that name
import { html, useState } from "./htm.js";
import { shortTime } from "./time.js";

const VIEWS = [["html", "HTML"], ["text", "Text"], ["headers", "Headers"]];

/** A mail cannot run scripts or reach the page: the frame allows nothing but links in new tabs. */
function Body({ mail, view }) {
  if (view === "headers") {
    return html`
      <table>
        <tbody>${mail.headers.map(({ key, value }, index) =>
          html`
            <tr key=${index}>
              <th scope="row">${key}</th>
              <td>${value}</td>
            </tr>
          `
        )}</tbody>
      </table>
    `;
  }
  if (view === "text" || !mail.html) return html`<pre tabindex="0">${mail.text}</pre>`;
  return html`
    <iframe title=${`Mail: ${mail.subject}`}
      sandbox="allow-popups allow-popups-to-escape-sandbox"
      src=${`/console/mail?id=${encodeURIComponent(mail.id)}`}></iframe>
  `;
}

function Mail({ mail }) {
  const [view, setView] = useState("html");
  return html`
    <article class="mail">
      <h2>${mail.subject}</h2>
      <p class="meta">From ${mail.from} to ${mail.to.join(", ")} · ${shortTime(
        mail.received_at,
      )}</p>
      <div role="group" aria-label="View">
          ${VIEWS.map(([name, label]) =>
            html`
              <button key=${name} aria-pressed=${view === name} onClick=${() =>
                setView(name)}>${label}</button>
            `
          )}
        </div>
      <${Body} mail=${mail} view=${view} />
    </article>
  `;
}

export function Mailbox({ mails }) {
  const [chosen, setChosen] = useState(null);
  if (mails.length === 0) {
    return html`<p class="empty">No mails yet. Invite somebody, or assign a lead.</p>`;
  }
  const mail = mails.find(({ id }) => id === chosen) ?? mails[0];
  return html`
    <div class="split">
      <ul class="list" aria-label="Mails">
          ${mails.map(({ id, to, subject, received_at }) =>
            html`
              <li key=${id}><button aria-current=${id === mail.id} onClick=${() => setChosen(id)}>
                <strong>${subject}</strong>
                <span class="preview">${to.join(", ")} · ${shortTime(received_at)}</span>
              </button></li>
            `
          )}
        </ul>
      <${Mail} key=${mail.id} mail=${mail} />
    </div>
  `;
}
