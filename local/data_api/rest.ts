import { databaseErrorResponse } from "./errors.ts";
import { quoteFilters } from "./filters.ts";
import { currentRequest, type RequestContext } from "./request_context.ts";

/** PostgREST: Lite's, with the request's context for the database and PostgREST's errors. */
export function createRest(
  lite: (request: Request) => Promise<Response>,
): (request: Request, clientIp: string) => Promise<Response> {
  return async (request, clientIp) => {
    const headers = Object.fromEntries(request.headers);
    const known = headers["x-forwarded-for"];
    headers["x-forwarded-for"] = known ? `${known}, ${clientIp}` : clientIp;
    const url = new URL(request.url);
    const path = url.pathname.replace(/^\/rest\/v1/, "") || "/";
    if (url.search) url.search = quoteFilters(url.searchParams).toString();
    const context: RequestContext = { method: request.method, path, headers };
    const asked = new Request(url, request);
    const response = await currentRequest.run(context, () => lite(asked));
    if (response.status < 400 || !context.databaseError) return response;
    const anonymous = response.status === 401;
    return databaseErrorResponse(context.databaseError, anonymous) ?? response;
  };
}
