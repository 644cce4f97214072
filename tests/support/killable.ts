import assert from "node:assert/strict";
import { join } from "node:path";
import postgres from "postgres";
import { databaseAccount } from "../../local/database/account.ts";
import { placeFor } from "../../local/database/places.ts";
import type { Status } from "../../local/status_file.ts";
import { startStack, tokenOf } from "./own_stack.ts";
import { uniqueAddress, uniqueEmail } from "./people.ts";
import type { SpawnedStack } from "./spawn.ts";

/** A stack of a test's own that is killed and started again; what is asked of it goes to the one that runs. */
export class KillableStack {
  sql: postgres.Sql;

  private constructor(
    readonly port: number,
    private stack: SpawnedStack,
    private readonly settleSeconds?: number,
    private readonly env: Record<string, string> = {},
  ) {
    this.sql = connect(stack.status);
  }

  get status(): Status {
    return this.stack.status;
  }

  static async start(
    port: number,
    settleSeconds?: number,
    env: Record<string, string> = {},
  ): Promise<KillableStack> {
    const folder = await Deno.makeTempDir({ prefix: "signalbox-kill-" });
    const stack = await startStack(folder, port, settleSeconds, env);
    return new KillableStack(port, stack, settleSeconds, env);
  }

  /** SIGKILL, and a new start on what it left behind. */
  async killAndStart(): Promise<void> {
    await this.stack.end("SIGKILL");
    await this.sql.end({ timeout: 0 });
    this.stack = await startStack(this.stack.folder, this.port, this.settleSeconds, this.env);
    this.sql = connect(this.status);
  }

  /** The same, and the database is killed with it: what its sessions were doing is lost too. */
  async killAllAndStart(): Promise<void> {
    const folder = placeFor(databaseAccount(), join(this.stack.folder, "postgres"));
    const [server] = (await Deno.readTextFile(join(folder, "postmaster.pid"))).split("\n");
    const sessions = await this.sql<{ pid: number }[]>`select pid from pg_stat_activity`;
    await this.stack.end("SIGKILL");
    for (const pid of [Number(server), ...sessions.map(({ pid }) => pid)]) kill(pid);
    await this.killAndStart();
  }

  async stop(): Promise<void> {
    await this.sql.end({ timeout: 0 });
    await this.stack.remove();
  }

  /** Starts a job twice at once, as two dispatchers would. */
  async invokeTwice(job: string): Promise<void> {
    for (let time = 0; time < 2; time++) await this.sql`select private.invoke(${`jobs/${job}`})`;
  }

  /** Calls the API of the stack that runs now, as somebody or as nobody, and gives the answer. */
  async call<T>(
    token: string | null,
    method: string,
    path: string,
    body?: object,
  ): Promise<T> {
    const isForm = body instanceof FormData;
    const response = await fetch(`${this.status.api_url}/functions/v1${path}`, {
      method,
      headers: {
        apikey: this.status.publishable_key,
        ...(isForm || body === undefined ? {} : { "content-type": "application/json" }),
        ...(token === null ? uniqueAddress() : { authorization: `Bearer ${token}` }),
      },
      body: isForm ? body : body === undefined ? null : JSON.stringify(body),
    });
    const text = await response.text();
    assert.ok(response.ok, `${method} ${path}: ${response.status} ${text}`);
    return JSON.parse(text);
  }

  get<T>(token: string, path: string): Promise<T> {
    return this.call(token, "GET", path);
  }

  post<T>(token: string | null, path: string, body: object = {}): Promise<T> {
    return this.call(token, "POST", path, body);
  }

  /** The access token of a person of the demo organization. */
  demoToken(mailbox: string): Promise<string> {
    return tokenOf(this.status, `${mailbox}@demo.signalbox.test`);
  }
}

/** SIGKILL to a process that may have ended by then. */
function kill(pid: number): void {
  try {
    Deno.kill(pid, "SIGKILL");
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** A database that was killed may refuse the first connection for a moment; the driver tries again. */
function connect(status: Status): postgres.Sql {
  return postgres(status.db_url, { max: 2, onnotice: () => {} });
}

/** An organization in such a stack, with a campaign of its own. */
export interface KilledOffice {
  id: string;
  email: string;
  number: string;
  campaign: string;
  phones: string[];
}

const password = "correct horse battery";

/** A token of the office's admin, from the stack as it runs now. */
export async function signIn(stack: KillableStack, email: string): Promise<string> {
  const { access_token } = await stack.post<{ access_token: string }>(null, "/auth/login", {
    email,
    password,
  });
  return access_token;
}

/** An organization whose marketing texts with an unknown outcome are held or sent again, and a campaign to these numbers. */
export async function addOffice(
  stack: KillableStack,
  policy: "hold" | "resend",
  number: string,
  phones: string[],
): Promise<KilledOffice> {
  const email = uniqueEmail(policy);
  const made = await stack.post<{ access_token: string; organization_id: string }>(
    null,
    "/auth/register",
    { organization_name: `Office ${policy}`, email, password, full_name: "Test Person" },
  );
  const [id, { sql }] = [made.organization_id, stack];
  await sql`update public.organizations set quiet_hours_start = null, quiet_hours_end = null,
    marketing_consent = 'not_required', unknown_outcome_marketing = ${policy} where id = ${id}`;
  const [account] = await sql`insert into public.sms_accounts (organization_id, provider, sender_id)
    values (${id}, 'twilio', ${number}) returning id`;
  const [template] = await sql`insert into public.templates (organization_id, name, category, body)
    values (${id}, 'Once', 'marketing', 'Exactly once, {{first_name|you}}. Reply STOP to end') returning id`;
  await sql`insert into public.leads ${
    sql(phones.map((phone) => ({ organization_id: id, phone })))
  }`;
  const campaign = await stack.post<{ id: string }>(made.access_token, "/campaigns", {
    name: policy,
    audience: { filter: {} },
    templates: [{ template_id: template?.["id"] }],
    numbers: [account?.["id"]],
    // Slow enough to be killed in the middle, also by a test that looks seldom.
    messages_per_minute: 1_200,
    pause_error_rate: 1,
    pause_filtered_rate: 1,
  });
  return { id, email, number, campaign: campaign.id, phones };
}
