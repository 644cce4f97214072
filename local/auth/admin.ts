import type postgres from "postgres";
import { authError } from "./errors.ts";
import { type LinkRequest, makeLink } from "./links.ts";
import type { AuthMailer } from "./mailer.ts";
import { isAdmin } from "./tokens.ts";
import {
  createUser,
  deleteUser,
  findIdByEmail,
  findUser,
  listUsers,
  updateUser,
  type UserInput,
} from "./users.ts";

/** What the admin API works with. */
export interface AdminContext {
  sql: postgres.Sql;
  apiUrl: string;
  mailer: AuthMailer;
}

type Body = UserInput & LinkRequest & { should_soft_delete?: boolean };

/** Auth's admin API, which Lite lacks. `path` is below `/auth/v1`. */
export async function handleAdmin(
  context: AdminContext,
  request: Request,
  path: string,
): Promise<Response> {
  if (!await isAdmin(request)) {
    return authError(401, "no_authorization", "This endpoint requires a valid Bearer token");
  }
  const body: Body = await request.json().catch(() => ({}));
  const route = `${request.method} ${path}`;
  if (route === "GET /admin/users") return await list(context, new URL(request.url));
  if (route === "POST /admin/users") return await create(context, body);
  if (route === "POST /invite" || route === "POST /admin/generate_link") {
    const redirectTo = body.redirect_to ?? new URL(request.url).searchParams.get("redirect_to");
    const invites = path === "/invite";
    const wanted = { ...body, ...(redirectTo && { redirect_to: redirectTo }) };
    return await link(context, invites ? { ...wanted, type: "invite" } : wanted, invites);
  }
  const id = /^\/admin\/users\/([0-9a-f-]{36})$/i.exec(path)?.[1];
  if (!id) return authError(404, "not_found", "Not found");
  return await one(context, request.method, id, body);
}

async function list({ sql }: AdminContext, url: URL): Promise<Response> {
  const page = Number(url.searchParams.get("page") || 1);
  const size = Number(url.searchParams.get("per_page") || 50);
  const { users, total } = await listUsers(sql, size, (page - 1) * size);
  const last = Math.max(1, Math.ceil(total / size));
  const address = (n: number, rel: string) =>
    `<${url.pathname}?page=${n}&per_page=${size}>; rel="${rel}"`;
  const links = [...(page < last ? [address(page + 1, "next")] : []), address(last, "last")];
  const headers = { "x-total-count": String(total), link: links.join(", ") };
  return Response.json({ users, aud: "authenticated" }, { headers });
}

async function create({ sql }: AdminContext, body: Body): Promise<Response> {
  if (!body.email && !body.phone) {
    const message = "Cannot create a user without either an email or phone";
    return authError(400, "validation_failed", message);
  }
  if (body.email && await findIdByEmail(sql, body.email)) {
    return authError(
      422,
      "email_exists",
      "A user with this email address has already been registered",
    );
  }
  return Response.json(await findUser(sql, await createUser(sql, body)));
}

async function one(
  { sql }: AdminContext,
  method: string,
  id: string,
  body: Body,
): Promise<Response> {
  const user = await findUser(sql, id);
  if (!user) return authError(404, "user_not_found", "User not found");
  if (method === "GET") return Response.json(user);
  if (method === "DELETE") {
    await deleteUser(sql, id, body.should_soft_delete === true);
    return Response.json({});
  }
  if (method !== "PUT") return authError(405, "not_found", "Method not allowed");
  const owner = body.email ? await findIdByEmail(sql, body.email) : null;
  if (owner && owner !== id) {
    return authError(
      422,
      "email_exists",
      "A user with this email address has already been registered",
    );
  }
  await updateUser(sql, id, body);
  return Response.json(await findUser(sql, id));
}

async function link(
  { sql, apiUrl, mailer }: AdminContext,
  wanted: LinkRequest,
  invites: boolean,
): Promise<Response> {
  const made = await makeLink(sql, apiUrl, wanted);
  if (made instanceof Response) return made;
  const user = await findUser(sql, made.userId);
  if (invites) {
    await mailer.sendLink({ ...made, to: wanted.email ?? "" });
    return Response.json(user);
  }
  return Response.json({
    ...user,
    action_link: made.actionLink,
    email_otp: made.otp,
    hashed_token: made.hashedToken,
    verification_type: made.type,
    redirect_to: made.redirectTo,
  });
}
