// @ts-ignore -- the server answers with the package of that name
import { html, useEffect, useState } from "./htm.js";

const curlOf = (api, token) =>
  `curl -s ${api}/functions/v1/auth/me -H "authorization: Bearer ${token}"`;

function Copy({ label, text }) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    setCopied(true);
  };
  return html`
    <div class="copy">
      <label>${label}<textarea readonly rows="3" value=${text}></textarea></label>
      <button onClick=${copy}>Copy</button>
      <span role="status">${copied && "Copied"}</span>
    </div>
  `;
}

export function People() {
  const [known, setKnown] = useState({ people: [], api_url: "" });
  const [signedIn, setSignedIn] = useState(null);
  const [problem, setProblem] = useState("");
  useEffect(() => {
    fetch("/console/people").then((response) => response.json()).then(setKnown);
  }, []);
  const signIn = async (email) => {
    const response = await fetch("/console/sign-in", {
      method: "POST",
      body: JSON.stringify({ email }),
    });
    const body = await response.json();
    setProblem(response.ok ? "" : body.detail ?? body.message);
    setSignedIn(response.ok ? { email, token: body.access_token } : null);
  };
  return html`<div class="plain">
    <p>The people of the demo organization. One click signs in as one of them.</p>
    <table>
      <thead><tr><th scope="col">Address</th><th scope="col">Role</th><th scope="col">Token</th></tr></thead>
      <tbody>${
    known.people.map(({ email, role }) =>
      html`
        <tr key=${email}>
          <th scope="row">${email}</th>
          <td>${role}</td>
          <td><button onClick=${() =>
            signIn(email)}>Token<span class="sr"> of ${email}</span></button></td>
        </tr>
      `
    )
  }
      </tbody>
    </table>
    ${problem && html`<p role="alert">${problem}</p>`}
    ${
    signedIn && html`
      <section aria-label="Token" aria-live="polite">
        <h2>${signedIn.email}</h2>
        <${Copy} key=${`t${signedIn.token}`} label="Access token" text=${signedIn.token} />
        <${Copy} key=${`c${signedIn.token}`} label="Try it" text=${curlOf(
          known.api_url,
          signedIn.token,
        )} />
      </section>
    `
  }
  </div>`;
}
