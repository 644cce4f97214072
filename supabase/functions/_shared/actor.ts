import type { Context, MiddlewareHandler } from "hono";
import { z } from "./zod.ts";
import { clientOf } from "./clients.ts";
import type { AppEnv, Caller } from "./context.ts";
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

/** The caller in one organization. It only lets a route refuse early; row level security is the authority. */
export interface Actor {
  userId: string;
  organizationId: string;
  role: string;
  teamId: string | null;
  organization: z.infer<typeof ActorRow>["organization"];
  permissions: z.infer<typeof ActorRow>["permissions"];
}

/** Parses an actor in the answers of the SQL functions `actor` and `me`. */
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

const cacheMs = 30_000;
const maxCached = 5_000;
const cache = new Map<string, { actor: Actor; until: number }>();

/**
 * The organization in the X-Organization-Id header.
 * @throws Problem 400 if it is not a UUID
 */
export function requestedOrganization(c: Context<AppEnv>): string | undefined {
  const header = c.req.header("x-organization-id");
  if (header === undefined || header === "") return undefined;
  if (!z.uuid().safeParse(header).success) {
    throw new Problem(400, "organization_malformed", "X-Organization-Id is not a UUID.");
  }
  return header.toLowerCase();
}

async function readActor(c: Context<AppEnv>, token: string, requested?: string): Promise<Actor> {
  const db = clientOf(token, c.var.requestHeaders, c.var.counter);
  return parseActor(unwrap(await db.rpc("actor", requested ? { organization_id: requested } : {})));
}

/** An impersonation has an actor of its own, whose permissions are fewer than the person's. */
function cacheKey(c: Context<AppEnv>, caller: Extract<Caller, { kind: "user" }>): string {
  const token = caller.delegation === "impersonation" ? caller.sessionId : "";
  return `${caller.userId} ${token} ${c.req.header("x-organization-id") ?? ""}`;
}

/** Removes an actor from the cache, after the database answered that they are no longer a member. */
export function forgetActor(c: Context<AppEnv>): void {
  const { caller } = c.var;
  if (caller.kind === "user") {
    cache.delete(cacheKey(c, caller));
  }
}

async function actorOf(c: Context<AppEnv>, accept: (actor: Actor) => boolean): Promise<Actor> {
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
  const requested = requestedOrganization(c);
  const key = cacheKey(c, caller);
  const cached = cache.get(key);
  // A cached actor may lack a permission that the role was given meanwhile, so it never refuses.
  if (cached && cached.until > Date.now() && accept(cached.actor)) return cached.actor;
  const actor = await readActor(c, caller.token, requested);
  if (cache.size >= maxCached) cache.clear();
  cache.set(key, { actor, until: Date.now() + cacheMs });
  return actor;
}

function refusal({ var: { caller } }: Context<AppEnv>, permission: string): string {
  const role = `Your role lacks the permission ${permission}`;
  return caller.kind === "user" && caller.delegation !== undefined
    ? `${role}, or it is closed to ${
      caller.delegation === "api_key" ? "API keys" : "impersonation"
    }.`
    : `${role}.`;
}

/**
 * Requires a permission, with any scope, and gives the route its actor and a client bound to the actor's organization.
 * A cached actor may be 30 s old; the database refuses what they may no longer do.
 * @param unless requests that a member may make without the permission, such as those about themselves
 * @throws Problem 401 without a user, 403 without membership or permission, 400 if the organization is ambiguous
 */
export function requirePermission(
  permission: string,
  unless: (c: Context<AppEnv>, actor: Actor) => boolean = () => false,
): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const may = (actor: Actor) => permission in actor.permissions || unless(c, actor);
    const actor = await actorOf(c, may);
    c.set("actor", actor);
    if (!may(actor)) {
      throw new Problem(403, "permission_denied", refusal(c, permission));
    }
    const { caller } = c.var;
    if (caller.kind === "user") {
      const headers = { ...c.var.requestHeaders, "x-organization-id": actor.organizationId };
      c.set("db", clientOf(caller.token, headers, c.var.counter));
    }
    await next();
  };
}
