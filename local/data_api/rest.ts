import { databaseErrorResponse } from "./errors.ts";
import { quoteFilters } from "./filters.ts";
import { currentRequest, type RequestContext } from "./request_context.ts";

/** PostgREST: Lite's, with the request's context for the database and PostgREST's errors. */
export function createRest(
  lite: (request: Request) => Promise<Response>,
): (request: Request, headers: Headers) => Promise<Response> {
  return async (request, headers) => {
    const url = new URL(request.url);
    const path = url.pathname.replace(/^\/rest\/v1/, "") || "/";
    const context: RequestContext = {
      method: request.method,
      path,
      headers: Object.fromEntries(headers),
    };
    const response = await currentRequest.run(context, () => lite(withQuotedFilters(request, url)));
    if (response.status < 400 || !context.databaseError) return response;
    const anonymous = response.status === 401;
    return databaseErrorResponse(context.databaseError, anonymous) ?? response;
  };
}

function withQuotedFilters(request: Request, url: URL): Request {
  if (!url.search) return request;
  url.search = quoteFilters(url.searchParams).toString();
  // Given whole, the request would pass its signal on, whose end costs more than the rest of this.
  const { method, headers, body } = request;
  return new Request(url, { method, headers, body });
}
