import type { Status } from "../../local/status_file.ts";

/** The demo organization that the seed makes. */
export const demoOrganization = "0199aa00-0000-7000-8000-000000000001";

/** What is sent to a function. */
export interface ApiRequest {
  method?: string;
  path: string;
  body?: unknown;
  headers?: Record<string, string>;
}

/** Somebody of the demo organization, signed in; `call` asks a function and fails unless the answer is a success. */
export interface Session {
  userId: string;
  token: string;
  refreshToken: string;
  call(request: ApiRequest): Promise<Response>;
}

/** Signs in with the seed's password, on Supabase Auth itself. */
export async function signIn(status: Status, name: string): Promise<Session> {
  const person = status.demo.find(({ email }) => email.startsWith(`${name}@`));
  const answer = await fetch(`${status.api_url}/auth/v1/token?grant_type=password`, {
    method: "POST",
    headers: { apikey: status.publishable_key, "content-type": "application/json" },
    body: JSON.stringify({ email: person?.email, password: person?.password }),
  });
  if (!answer.ok) throw new Error(`Sign-in failed: ${await answer.text()}`);
  const { access_token: token, refresh_token: refreshToken, user } = await answer.json();
  const call = (request: ApiRequest) =>
    callFunction(status, { authorization: `Bearer ${token}` }, request);
  return { userId: user.id, token, refreshToken, call };
}

/** Asks a function; a failure is thrown with its body. */
export async function callFunction(
  status: Status,
  credentials: Record<string, string>,
  { method = "POST", path, body, headers = {} }: ApiRequest,
): Promise<Response> {
  const raw = body instanceof FormData || body instanceof URLSearchParams;
  const response = await fetch(`${status.api_url}/functions/v1${path}`, {
    method,
    headers: {
      apikey: status.publishable_key,
      ...(body === undefined || raw ? {} : { "content-type": "application/json" }),
      ...credentials,
      ...headers,
    },
    body: body === undefined ? null : raw ? body : JSON.stringify(body),
  });
  if (!response.ok) {
    throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  }
  return response;
}
