import { messageOf, warn } from "../../local/log.ts";
import type { Management } from "./management.ts";

/** Where the project answers, and by which keys. */
export interface Project {
  url: string;
  publishableKey: string;
  secretKey: string;
}

const TIMEOUT_MS = 30_000;

async function ask(
  project: Project,
  path: string,
  { method = "GET", body, token, key = project.publishableKey }: {
    method?: string;
    body?: unknown;
    token?: string;
    key?: string;
  } = {},
): Promise<{ status: number; body: Record<string, unknown> }> {
  const response = await fetch(`${project.url}${path}`, {
    method,
    headers: {
      apikey: key,
      "content-type": "application/json",
      ...(token && { authorization: `Bearer ${token}` }),
    },
    body: body === undefined ? null : JSON.stringify(body),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const text = await response.text();
  return { status: response.status, body: text.startsWith("{") ? JSON.parse(text) : {} };
}

function expect(what: string, answer: { status: number; body: unknown }, status: number): void {
  if (answer.status === status) return;
  throw new Error(`${what} answers ${answer.status}: ${JSON.stringify(answer.body).slice(0, 300)}`);
}

const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/**
 * Removes the demo tenant: its organization, which takes all its rows with it, and its one person. Each is tried although
 * the other failed; throws a sentence that names what is left.
 */
async function remove(project: Project, management: Management, userId: string): Promise<void> {
  const left: string[] = [];
  try {
    await management.query(`
      delete from public.organizations o using public.memberships m
      where m.organization_id = o.id and m.user_id = ${
      quoted(userId)
    } and o.name like 'Smoke test %'`);
  } catch (error) {
    left.push(`its organization (${messageOf(error)})`);
  }
  try {
    const gone = await ask(project, `/auth/v1/admin/users/${userId}`, {
      method: "DELETE",
      key: project.secretKey,
      token: project.secretKey,
    });
    expect("Auth's admin API", gone, 200);
  } catch (error) {
    left.push(`its person (${messageOf(error)})`);
  }
  if (left.length > 0) {
    throw new Error(`The demo tenant of ${userId} was not removed: ${left.join(", ")}.`);
  }
}

async function useAsPerson(project: Project, email: string, password: string): Promise<void> {
  const health = await ask(project, "/functions/v1/health");
  expect("GET /health", health, 200);
  expect("GET /leads of nobody", await ask(project, "/functions/v1/leads"), 401);
  const login = await ask(project, "/functions/v1/auth/login", {
    method: "POST",
    body: { email, password },
  });
  expect("POST /auth/login", login, 200);
  const token = String(login.body["access_token"]);
  const made = await ask(project, "/functions/v1/leads", {
    method: "POST",
    token,
    body: { first_name: "Smoke" },
  });
  expect("POST /leads", made, 201);
  const read = await ask(project, `/functions/v1/leads/${made.body["id"]}`, { token });
  expect("GET /leads/{id}", read, 200);
  expect("GET /audit-logs", await ask(project, "/functions/v1/audit-logs", { token }), 200);
}

/**
 * Works with the deployed project as a demo tenant would: an organization with one person is made, signs in, adds a lead,
 * reads it, and is removed again, also after a failure. Sends nothing to anybody. Throws a sentence for what fails.
 */
export async function smokeTest(project: Project, management: Management): Promise<void> {
  const email = `smoke-${crypto.randomUUID()}@signalbox.test`;
  const password = `${crypto.randomUUID()}Aa1`;
  const made = await ask(project, "/auth/v1/admin/users", {
    method: "POST",
    key: project.secretKey,
    token: project.secretKey,
    body: { email, password, email_confirm: true },
  });
  if (made.status >= 300) {
    throw new Error(`Auth's admin API answers ${made.status}: ${JSON.stringify(made.body)}`);
  }
  const userId = String(made.body["id"]);
  let failure: unknown;
  try {
    await management.query(
      `select private.create_organization(${quoted(userId)}, ${
        quoted(`Smoke test ${email}`)
      }, '{}')`,
    );
    await useAsPerson(project, email, password);
  } catch (error) {
    failure = error;
  }
  try {
    await remove(project, management, userId);
  } catch (error) {
    // What failed first is what the person must know.
    if (failure === undefined) throw error;
    warn(messageOf(error));
  }
  if (failure !== undefined) throw failure;
}
