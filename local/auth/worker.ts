import postgres from "postgres";
import { createLite } from "../data_api/app.ts";
import { runPart, serveLocally } from "../workers/run.ts";
import { createAuth } from "./front.ts";
import { createMailer } from "./mailer.ts";
import { hashInDatabase } from "./passwords.ts";

/** How to run Auth. */
export interface AuthOptions {
  adminUrl: string;
  apiUrl: string;
  /** The mail catcher's address. */
  mailUrl: string;
}

const CONNECTIONS = 4;

runPart(({ adminUrl, apiUrl, mailUrl }: AuthOptions) => {
  const sql = postgres(adminUrl, { max: CONNECTIONS, onnotice: () => {} });
  hashInDatabase(sql);
  const lite = createLite({ adminUrl, apiUrl, connections: CONNECTIONS });
  const mailer = createMailer(apiUrl, async (mail) => {
    const sent = await fetch(`${mailUrl}/messages`, { method: "POST", body: JSON.stringify(mail) });
    await sent.body?.cancel();
  });
  lite.sendMailsWith(mailer);
  const port = serveLocally(createAuth({ sql, apiUrl, mailer, lite: lite.fetch }));
  return Promise.resolve({ ready: { port } });
});
