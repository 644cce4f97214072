import { App } from "@supabase/lite";
import type { AuthMailer } from "../auth/mailer.ts";
import { INNER_SECRET, PUBLISHABLE_KEY, SECRET_KEY } from "../keys.ts";
import { claimsIn, forLite, isCurrent } from "../tokens.ts";
import { RequestConnection } from "./connection.ts";
import { quietLite } from "./quiet.ts";
import { tokenCache } from "./token_cache.ts";

/** Lite with what this stack lets it do: `/rest/v1` and the plain part of `/auth/v1`. */
export interface Lite {
  fetch(request: Request): Promise<Response>;
  ensureSystemSchema(): Promise<void>;
  connection: RequestConnection;
  /** Lets Auth's mails go out this way. */
  sendMailsWith(mailer: AuthMailer): void;
}

/** How to run Lite. */
export interface LiteOptions {
  adminUrl: string;
  /** Where its own addresses in mails and tokens point. */
  apiUrl: string;
  connections: number;
  /** Serves `/rest/v1` only. */
  restOnly?: boolean;
}

/** Readies Lite on a database. */
export function createLite({ adminUrl, apiUrl, connections, restOnly }: LiteOptions): Lite {
  quietLite();
  const connection = new RequestConnection(adminUrl, connections);
  const app = new App({
    connection,
    api: { enabled: true, schemas: ["public"], max_rows: 1000, external_url: apiUrl },
    auth: {
      enabled: true,
      enable_signup: true,
      jwt_secret: INNER_SECRET,
      publishable_key: PUBLISHABLE_KEY,
      secret_key: SECRET_KEY,
      site_url: apiUrl,
      email: { enable_signup: true, enable_confirmations: false, double_confirm_changes: false },
    },
    storage: { enabled: false },
    studio: { enabled: false },
    options: { server: { admin: false, ...(restOnly && { middlewares: [tokenCache()] }) } },
  });
  return {
    // The token cache verifies what is current.
    fetch: async (request) =>
      app.fetch(
        restOnly && isCurrent(claimsIn(bearerOf(request))) ? request : await forLite(request),
      ),
    ensureSystemSchema: () => app.ensureSystemSchema(),
    connection,
    sendMailsWith: (mailer) => void (app._mailer = mailer),
  };
}

const bearerOf = (request: Request): string =>
  request.headers.get("authorization")?.replace(/^Bearer /, "") ?? "";
