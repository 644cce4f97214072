import type { Context, MiddlewareHandler } from "hono";
import { z } from "./zod.ts";
import { clientOf } from "./clients.ts";
import type { AppEnv } from "./context.ts";
import { Problem, unwrap } from "./problem.ts";

const ActorRow = z.object({
  user_id: z.string(),
  organization_id: z.string(),
  role: z.string(),
  team_id: z.string().nullable(),
  organization: z.object({
    id: z.string(),
    name: z.string(),
    country: z.string(),
    time_zone: z.string(),
    currency: z.string(),
  }),
  permissions: z.record(z.string(), z.enum(["own", "team", "organization"])),
});

/** The caller in one organization. Row level security is the authority; this only lets a route refuse early. */
export interface Actor {
  userId: string;
  organizationId: string;
  role: string;
  teamId: string | null;
  organization: z.infer<typeof ActorRow>["organization"];
  permissions: z.infer<typeof ActorRow>["permissions"];
}

/** Reads what the SQL functions `actor` and `me` answer. */
export function parseActor(row: unknown): Actor {
  const actor = ActorRow.parse(row);
  return {
    userId: actor.user_id,
    organizationId: actor.organization_id,
    role: actor.role,
    teamId: actor.team_id,
    organization: actor.organization,
    permissions: actor.permissions,
  };
}

const keepMs = 30_000;
const keepMost = 5_000;
const known = new Map<string, { actor: Actor; until: number }>();

/** The organization that the request names, in its header. */
export function wantedOrganization(c: Context<AppEnv>): string | undefined {
  const header = c.req.header("x-organization-id");
  if (header === undefined || header === "") return undefined;
  if (!z.uuid().safeParse(header).success) {
    throw new Problem(400, "organization_malformed", "X-Organization-Id is not a UUID.");
  }
  return header.toLowerCase();
}

async function readActor(c: Context<AppEnv>, token: string, wanted?: string): Promise<Actor> {
  const db = clientOf(token, c.var.requestHeaders, c.var.counter);
  return parseActor(unwrap(await db.rpc("actor", wanted ? { organization_id: wanted } : {})));
}

/** Forgets an actor; called when the database says that it is no longer one. */
export function forgetActor(c: Context<AppEnv>): void {
  const { caller } = c.var;
  if (caller.kind === "user") {
    known.delete(`${caller.userId} ${c.req.header("x-organization-id") ?? ""}`);
  }
}

async function actorOf(c: Context<AppEnv>): Promise<Actor> {
  const { caller } = c.var;
  if (caller.kind !== "user") {
    throw new Problem(
      401,
      "not_signed_in",
      "Sign in and send the access token as a bearer token.",
      {
        headers: { "www-authenticate": "Bearer" },
      },
    );
  }
  const wanted = wantedOrganization(c);
  const key = `${caller.userId} ${c.req.header("x-organization-id") ?? ""}`;
  const remembered = known.get(key);
  if (remembered && remembered.until > Date.now()) return remembered.actor;
  const actor = await readActor(c, caller.token, wanted);
  if (known.size >= keepMost) known.clear();
  known.set(key, { actor, until: Date.now() + keepMs });
  return actor;
}

/**
 * Lets only callers pass whose role holds the permission, in whatever scope, and gives the route its actor and a client
 * bound to the actor's organization. A remembered actor may be 30 s old: what it could no longer do, the database refuses.
 * `unless` names requests that a member may make without the permission, such as those about oneself.
 * @throws Problem 401 without a user, 403 without membership or permission, 400 when the organization is not clear.
 */
export function requirePermission(
  permission: string,
  unless: (c: Context<AppEnv>, actor: Actor) => boolean = () => false,
): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const actor = await actorOf(c);
    if (!(permission in actor.permissions) && !unless(c, actor)) {
      throw new Problem(403, "permission_denied", `Your role lacks the permission ${permission}.`);
    }
    c.set("actor", actor);
    const { caller } = c.var;
    if (caller.kind === "user") {
      const headers = { ...c.var.requestHeaders, "x-organization-id": actor.organizationId };
      c.set("db", clientOf(caller.token, headers, c.var.counter));
    }
    await next();
  };
}
