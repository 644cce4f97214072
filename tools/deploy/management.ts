/** Supabase's Management API, as far as a deployment needs it. */
export interface Management {
  get<T>(path: string): Promise<T>;
  post<T>(path: string, body: unknown): Promise<T>;
  /** Runs SQL on the project's database as its owner and gives the rows. */
  query<T = Record<string, unknown>>(sql: string): Promise<T[]>;
}

/** What the API refuses, as a sentence with its status. */
export class ManagementError extends Error {
  constructor(readonly status: number, message: string) {
    super(message);
  }
}

const TIMEOUT_MS = 60_000;

/** The API of one project. `url` without a path; the token is a personal access token. */
export function managementOf(url: string, token: string, projectRef: string): Management {
  const ask = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const response = await fetch(`${url}/v1${path.replaceAll("{ref}", projectRef)}`, {
      method,
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: body === undefined ? null : JSON.stringify(body),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const text = await response.text();
    if (!response.ok) {
      throw new ManagementError(
        response.status,
        `The Management API answers ${response.status} to ${method} ${path}: ${text.slice(0, 300)}`,
      );
    }
    return (text === "" ? null : JSON.parse(text)) as T;
  };
  return {
    get: (path) => ask("GET", path),
    post: (path, body) => ask("POST", path, body),
    query: (query) => ask("POST", "/projects/{ref}/database/query", { query }),
  };
}

interface ApiKey {
  type?: string;
  api_key?: string;
}

const allKeys = (management: Management): Promise<ApiKey[]> =>
  management.get("/projects/{ref}/api-keys?reveal=true");

/** All secret keys of the project, of the present kind. */
export async function secretKeys(management: Management): Promise<string[]> {
  return (await allKeys(management)).flatMap(({ type, api_key }) =>
    type === "secret" && api_key ? [api_key] : []
  );
}

/** The project's API keys of the present kind; undefined: there is none of that type. */
export async function apiKeys(
  management: Management,
): Promise<{ publishable: string | undefined; secret: string | undefined }> {
  const keys = await allKeys(management);
  const keyOf = (type: string) => keys.find((key) => key.type === type)?.api_key;
  return { publishable: keyOf("publishable"), secret: keyOf("secret") };
}
