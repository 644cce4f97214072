import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type postgres from "postgres";
import { onLine, recentLines } from "../functions/log_lines.ts";
import type { Status } from "../status_file.ts";
import { readState } from "./state.ts";

interface Ground {
  sql: postgres.Sql;
  status: Status;
}

/** How often the page's data are read again while a page is open. */
const EVERY_MS = 1_000;

const folder = join(dirname(fileURLToPath(import.meta.url)), "page");
const types: Record<string, string> = {
  html: "text/html",
  css: "text/css",
  js: "text/javascript",
};

/** Preact and htm in one module, from npm; it lies beside what the package exports to `require`. */
const libraryPath = (): string =>
  join(
    dirname(createRequire(import.meta.url).resolve("htm/preact")),
    "standalone.module.js",
  );

async function file(name: string): Promise<Response | null> {
  const path = name === "htm.js" ? libraryPath() : join(folder, name);
  const text = await Deno.readTextFile(path).catch(() => null);
  if (text === null) return null;
  const type = types[name.split(".").at(-1) ?? ""] ?? "text/plain";
  return new Response(text, {
    headers: {
      "content-type": `${type}; charset=utf-8`,
      "content-security-policy":
        "default-src 'self'; style-src 'self'; img-src 'self' data:; frame-src 'self'; object-src 'none'",
      "cache-control": "no-store",
    },
  });
}

/** Server-sent events: `state` whenever something differs, `line` for each line of a function. */
function events({ sql, status }: Ground, signal: AbortSignal): Response {
  const encoder = new TextEncoder();
  let end = () => {};
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      let last = "";
      let timer: ReturnType<typeof setTimeout> | undefined;
      const send = (event: string, data: unknown) =>
        controller.enqueue(encoder.encode(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`));
      const stopLines = onLine((line) => send("line", line));
      const tell = async () => {
        const state = await readState(sql, status).catch(() => null);
        if (signal.aborted) return;
        const text = JSON.stringify(state);
        if (state && text !== last) send("state", state);
        last = text;
        timer = setTimeout(tell, EVERY_MS);
      };
      end = () => {
        clearTimeout(timer);
        stopLines();
      };
      signal.addEventListener("abort", () => end());
      send("lines", recentLines());
      void tell();
    },
    cancel: () => end(),
  });
  return new Response(body, {
    headers: { "content-type": "text/event-stream", "cache-control": "no-store" },
  });
}

async function signIn(request: Request, { status }: Ground): Promise<Response> {
  const { email } = await request.json();
  const person = status.demo.find((one) => one.email === email);
  if (!person) {
    return Response.json({ message: "Nobody of the demo has this address." }, { status: 404 });
  }
  return await fetch(`${status.api_url}/functions/v1/auth/login`, {
    method: "POST",
    headers: { "content-type": "application/json", apikey: status.publishable_key },
    body: JSON.stringify({ email, password: person.password }),
  });
}

async function changeReceiver(request: Request, { status }: Ground): Promise<Response> {
  const { name, ...settings } = await request.json();
  return await fetch(`${status.mail_url}/receivers/${encodeURIComponent(name)}`, {
    method: "PUT",
    body: JSON.stringify(settings),
  });
}

/**
 * The HTML of a mail as a document of its own, so that its styles show, which the console's page would refuse. It is sandboxed
 * whatever opens it: no scripts, no forms, and its links open in tabs of their own, which are not sandboxed.
 */
async function mailDocument(id: string | null, { status }: Ground): Promise<Response> {
  const mails: { id: string; html: string }[] = await (await fetch(`${status.mail_url}/messages`))
    .json();
  const mail = mails.find((one) => one.id === id);
  if (!mail) return Response.json({ message: "There is no such mail." }, { status: 404 });
  const base = '<base target="_blank">';
  const at = /^\s*(<!doctype[^>]*>)?\s*(<html\b[^>]*>)?\s*(<head\b[^>]*>)?/i.exec(mail.html)?.[0]
    .length ?? 0;
  return new Response(mail.html.slice(0, at) + base + mail.html.slice(at), {
    headers: {
      "content-type": "text/html; charset=utf-8",
      "content-security-policy":
        "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; " +
        "style-src 'unsafe-inline'; img-src data: https:; font-src data:",
      "referrer-policy": "no-referrer",
      "cache-control": "no-store",
    },
  });
}

/** Another page in the same browser must not be able to answer for a handset or to sign in. */
const isOwn = (request: Request, { status }: Ground): boolean =>
  request.headers.get("sec-fetch-site") === "same-origin" ||
  request.headers.get("origin") === status.api_url;

/** Answers what belongs to the console: the page at `/` and what it asks for. */
export function createConsole(ground: Ground): (request: Request) => Promise<Response | null> {
  const { status } = ground;
  return async (request) => {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === "/") return await file("index.html");
    const name = /^\/console\/([a-z_-]+(?:\.[a-z]+)?)$/.exec(pathname)?.[1];
    if (name === undefined) return null;
    if (name.includes(".")) return await file(name);
    if (!isOwn(request, ground)) {
      return Response.json({ message: "Only the console itself may ask this." }, { status: 403 });
    }
    switch (`${request.method} ${name}`) {
      case "GET events":
        return events(ground, request.signal);
      case "GET people":
        return Response.json({
          people: status.demo,
          api_url: status.api_url,
          publishable_key: status.publishable_key,
        });
      case "GET mail":
        return await mailDocument(searchParams.get("id"), ground);
      case "POST sign-in":
        return await signIn(request, ground);
      case "POST receiver":
        return await changeReceiver(request, ground);
      case "POST reply":
        return await fetch(`${status.carrier_url}/reply`, {
          method: "POST",
          body: await request.text(),
        });
      default:
        return null;
    }
  };
}
