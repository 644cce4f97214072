import postgres from "postgres";
import { currentRequest } from "../data_api/request_context.ts";
import { handleAdmin } from "./admin.ts";
import { authError } from "./errors.ts";
import { hashToken } from "./links.ts";
import { signingKeySet } from "../keys.ts";
import type { AuthMailer } from "./mailer.ts";
import { complete } from "./tokens.ts";

interface AuthOptions {
  sql: postgres.Sql;
  apiUrl: string;
  mailer: AuthMailer;
  lite: (request: Request) => Promise<Response>;
}

/** Auth: Lite's, with the admin API, full tokens, bans and all kinds of one-time tokens added. */
export function createAuth(options: AuthOptions): (request: Request) => Promise<Response> {
  return async (request) => {
    const { pathname, search } = new URL(request.url);
    const path = pathname.replace(/^\/auth\/v1/, "");
    if (path === "/.well-known/jwks.json") {
      return Response.json(signingKeySet(), {
        headers: { "cache-control": "public, max-age=600" },
      });
    }
    if (path.startsWith("/admin/") || path === "/invite") {
      return await handleAdmin(options, request, path);
    }
    const forwarded = path === "/verify" ? await withKnownType(options.sql, request) : request;
    const context = { method: request.method, path: path + search, headers: {} };
    const response = await currentRequest.run(context, () => options.lite(forwarded));
    if (response.headers.get("location")?.includes("access_token=")) {
      return await completeRedirect(options, response);
    }
    return response.ok && (path === "/token" || path === "/signup" || path === "/verify")
      ? await completeBody(options, response)
      : response;
  };
}

const issuer = (apiUrl: string) => `${apiUrl}/auth/v1`;

function copyHeaders(response: Response): Headers {
  const headers = new Headers(response.headers);
  headers.delete("content-length");
  return headers;
}

async function completeBody({ sql, apiUrl }: AuthOptions, response: Response): Promise<Response> {
  const { status } = response;
  const headers = copyHeaders(response);
  const text = await response.text();
  const body: { access_token?: string } = text ? JSON.parse(text) : {};
  if (!body.access_token) return new Response(text || null, { status, headers });
  const token = await complete(sql, body.access_token, issuer(apiUrl));
  if (!token) return authError(400, "user_banned", "User is banned");
  return new Response(JSON.stringify({ ...body, access_token: token }), { status, headers });
}

async function completeRedirect(
  { sql, apiUrl }: AuthOptions,
  response: Response,
): Promise<Response> {
  const headers = copyHeaders(response);
  const target = new URL(headers.get("location") ?? apiUrl);
  const fragment = new URLSearchParams(target.hash.slice(1));
  const token = await complete(sql, fragment.get("access_token") ?? "", issuer(apiUrl));
  if (token) fragment.set("access_token", token);
  target.hash = token
    ? fragment.toString()
    : "error=access_denied&error_code=user_banned&error_description=User+is+banned";
  headers.set("location", target.href);
  return new Response(null, { status: response.status, headers });
}

interface Verification {
  type: string;
  token?: string;
  token_hash?: string;
  email?: string;
}

/** Lite does not know the types `email` and `invite`: they become the type whose column has the token. */
async function withKnownType(sql: postgres.Sql, request: Request): Promise<Request> {
  const url = new URL(request.url);
  if (request.method === "GET") {
    const [type, token] = [url.searchParams.get("type"), url.searchParams.get("token")];
    const known = await knownType(sql, { type: type ?? "", token_hash: token ?? "" });
    url.searchParams.set("type", known);
    return new Request(url, { headers: request.headers, redirect: "manual" });
  }
  const body: Verification = await request.json();
  const headers = new Headers(request.headers);
  headers.delete("content-length");
  const known = { ...body, type: await knownType(sql, body) };
  return new Request(url, { method: "POST", headers, body: JSON.stringify(known) });
}

async function knownType(sql: postgres.Sql, verification: Verification): Promise<string> {
  const { type, token_hash, email, token } = verification;
  if (type !== "email" && type !== "invite") return type;
  const hash = token_hash || hashToken(email ?? "", token ?? "");
  const [row] = await sql`select 1 from auth.users where confirmation_token = ${hash}`;
  return row ? "signup" : "magiclink";
}
