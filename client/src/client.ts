import type { SupabaseClient } from "@supabase/supabase-js";
import createClient, { type Client } from "openapi-fetch";
import type { paths } from "./api.d.ts";
import { IDEMPOTENT } from "./idempotent.ts";
import { type Live, liveUpdates } from "./live.ts";
import { type IdsOf, type ItemOf, listPages, type ListPath, type ListQuery } from "./pages.ts";
import { problemOf, SignalboxError } from "./problem.ts";
import { retryingFetch, type RetryOptions } from "./retry.ts";
import { type UploadAnswer, uploadForm, type UploadOptions, type UploadPath } from "./upload.ts";

/** What a client needs. */
export interface SignalboxOptions {
  /** The supabase-js client that people sign in with; its session is used, and renewed by it. */
  supabase: SupabaseClient;
  /** The project's address, as given to supabase-js. */
  url: string;
  /** The project's publishable key, as given to supabase-js. */
  key: string;
  /** The organization that requests are about; people with one need none. */
  organizationId?: string;
  retry?: Partial<RetryOptions>;
  fetch?: typeof fetch;
}

/** The API of one organization. */
export interface Signalbox {
  /**
   * Every operation, typed by its path: `await api.GET("/leads/{id}", { params: { path: { id } } })`. Answers that are
   * errors are thrown as SignalboxError, so `data` is there.
   */
  api: Client<paths>;
  /** All items of a list or timeline, page by page, as they are asked for. `ids`: those in its path. */
  list<P extends ListPath>(
    path: P,
    query?: ListQuery<P>,
    pageSize?: number,
    ids?: IdsOf<P>,
  ): AsyncIterable<ItemOf<P>>;
  /** Sends a form with a file, and says how much of it has been sent. */
  upload<P extends UploadPath>(
    path: P,
    form: FormData,
    options?: UploadOptions,
  ): Promise<UploadAnswer<P>>;
  /** What changes, as it changes; the present state comes first. */
  live: Live;
  /** The same for another organization of the person. */
  withOrganization(organizationId: string): Signalbox;
}

/** Headers that every request has. */
async function headersOf(
  options: SignalboxOptions,
): Promise<Record<string, string>> {
  const { data: { session } } = await options.supabase.auth.getSession();
  return {
    apikey: options.key,
    ...(session && { authorization: `Bearer ${session.access_token}` }),
    ...(options.organizationId &&
      { "x-organization-id": options.organizationId }),
  };
}

function apiOf(
  options: SignalboxOptions,
  send: (request: Request) => Promise<Response>,
): Client<paths> {
  const api = createClient<paths>({
    baseUrl: `${options.url.replace(/\/$/, "")}/functions/v1`,
    fetch: send,
  });
  api.use({
    async onRequest({ request, schemaPath }) {
      for (const [name, value] of Object.entries(await headersOf(options))) {
        if (!request.headers.has(name)) request.headers.set(name, value);
      }
      if (
        IDEMPOTENT.has(`${request.method} ${schemaPath}`) &&
        !request.headers.has("idempotency-key")
      ) {
        request.headers.set("idempotency-key", crypto.randomUUID());
      }
      return request;
    },
    async onResponse({ response }) {
      if (response.ok) return;
      throw new SignalboxError(
        response.status,
        await problemOf(response),
        response.headers,
      );
    },
  });
  return api;
}

/** A client of the API for the person who is signed in. */
export function createSignalbox(options: SignalboxOptions): Signalbox {
  const retry = { attempts: 4, maxWaitSeconds: 30, ...options.retry };
  const inner = (request: Request) => (options.fetch ?? fetch)(request);
  const repeating = (send: typeof inner) => retryingFetch(send, retry);
  const api = apiOf(options, repeating(inner));
  const base = `${options.url.replace(/\/$/, "")}/functions/v1`;
  return {
    api,
    list: (path, query, pageSize, ids) => listPages(api, path, query, pageSize, ids),
    upload: async <P extends UploadPath>(
      path: P,
      form: FormData,
      uploadOptions: UploadOptions = {},
    ) =>
      await uploadForm(
        `${base}${path}`,
        form,
        {
          ...await headersOf(options),
          "idempotency-key": crypto.randomUUID(),
        },
        uploadOptions,
        { fetch: inner, repeating },
      ) as UploadAnswer<P>,
    live: liveUpdates(options.supabase, api, options.organizationId),
    withOrganization: (organizationId) => createSignalbox({ ...options, organizationId }),
  };
}
