import assert from "node:assert/strict";
import { Webhook } from "standardwebhooks";
import { z } from "zod";
import { database } from "./db.ts";
import { resolve, writtenDocument } from "./document.ts";
import { startJob } from "./jobs.ts";
import { call, expectStatus } from "./http.ts";
import type { Organization } from "./people.ts";
import { until } from "./wait.ts";

/** What an endpoint got: the verified body, its id and how it was signed. */
export interface Received {
  id: string;
  signatures: number;
  type: string;
  timestamp: string;
  data: Record<string, unknown>;
}

/** A receiver as customers build it, with the public package. It answers with what `answer` says. */
export class Receiver implements AsyncDisposable {
  readonly received: Received[] = [];
  secrets: string[] = [];
  answer: () => Response | Promise<Response> = () => new Response("thanks");
  private readonly server: Deno.HttpServer<Deno.NetAddr>;

  constructor() {
    const options = { hostname: "127.0.0.1", port: 0, onListen: () => {} };
    this.server = Deno.serve(options, async (request) => {
      const answer = await this.answer();
      if (answer.ok) this.received.push(this.verified(request, await request.text()));
      return answer;
    });
  }

  get url(): string {
    return `http://127.0.0.1:${this.server.addr.port}/hook?token=a`;
  }

  /** Throws, so answers 500, unless every secret verifies. */
  private verified(request: Request, body: string): Received {
    const headers = Object.fromEntries(request.headers);
    const [secret = "", ...others] = this.secrets;
    for (const other of others) new Webhook(other).verify(body, headers);
    const event = new Webhook(secret).verify(body, headers) as Omit<Received, "id" | "signatures">;
    const signatures = (headers["webhook-signature"] ?? "").split(" ").length;
    return { id: headers["webhook-id"] ?? "", signatures, ...event };
  }

  /** Waits until so many deliveries have come, and starts the job meanwhile, as its schedule would. */
  async waitFor(count: number): Promise<Received[]> {
    await startJob("deliver-webhooks");
    await until(() => this.received.length >= count, { what: `${count} deliveries` });
    return this.received;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.shutdown();
  }
}

export const webhooksPath = "/admin/integrations/webhooks";

/** An endpoint as its creation answers. */
export interface NewWebhook {
  id: string;
  secret: string;
  status: string;
}

/** Subscribes a receiver, which then verifies with the endpoint's secret. */
export async function subscribe(
  organization: Organization,
  receiver: Receiver,
  events: string[],
  more: Record<string, unknown> = {},
): Promise<NewWebhook> {
  const body = { url: receiver.url, events, ...more };
  const answer = await call(organization.admin, "POST", webhooksPath, body);
  const webhook = expectStatus<NewWebhook>(answer, 201);
  receiver.secrets = [webhook.secret];
  return webhook;
}

/** Moves the clock of an endpoint's deliveries, and starts the job. */
export async function later(id: string, amount: string): Promise<void> {
  await database()`update private.webhook_deliveries d
    set next_attempt_at = d.next_attempt_at - ${amount}::interval
    where d.endpoint_id = ${id} and d.status = 'pending'`;
  await database()`update private.webhook_states s
    set cooldown_until = s.cooldown_until - ${amount}::interval,
      failing_since = s.failing_since - ${amount}::interval,
      last_failure_at = s.last_failure_at - ${amount}::interval
    where s.endpoint_id = ${id}`;
  await startJob("deliver-webhooks");
}

/** Fails unless each message is as the OpenAPI document says of its type. */
export async function expectDescribed(received: Received[]): Promise<void> {
  const document = await writtenDocument();
  for (const { id: _, signatures: __, ...message } of received) {
    const body = document.webhooks[message.type]?.post.requestBody?.content["application/json"];
    const schema = z.fromJSONSchema(
      JSON.parse(JSON.stringify(resolve(document, body?.schema ?? {}))),
    );
    const { error } = schema.safeParse(message);
    assert.equal(error, undefined, `${message.type}: ${error?.message}`);
    assert.deepEqual(schema.safeParse({ ...message, data: {} }).success, false, message.type);
  }
}
