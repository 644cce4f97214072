import postgres from "postgres";
import { createLite } from "../data_api/app.ts";
import { runPart, serveLocally } from "../workers/run.ts";
import { createAuth } from "./front.ts";
import { createMailer } from "./mailer.ts";
import { BCRYPT_COST } from "./users.ts";

/** How to run Auth. */
export interface AuthOptions {
  adminUrl: string;
  apiUrl: string;
  /** The mail catcher's address. */
  mailUrl: string;
}

const CONNECTIONS = 4;

// Lite hashes at a cost of 10 otherwise, in JavaScript: other sign-ins would wait.
Deno.env.set("LITE_AUTH_BCRYPT_COST", String(BCRYPT_COST));

runPart(({ adminUrl, apiUrl, mailUrl }: AuthOptions) => {
  const sql = postgres(adminUrl, { max: CONNECTIONS, onnotice: () => {} });
  const lite = createLite({ adminUrl, apiUrl, connections: CONNECTIONS });
  const mailer = createMailer(apiUrl, async (mail) => {
    const sent = await fetch(`${mailUrl}/messages`, { method: "POST", body: JSON.stringify(mail) });
    await sent.body?.cancel();
  });
  lite.sendMailsWith(mailer);
  const port = serveLocally(createAuth({ sql, apiUrl, mailer, lite: lite.fetch }));
  return Promise.resolve({ ready: { port } });
});
