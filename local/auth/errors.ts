/** An error in the shape of Auth's API. */
export function authError(status: number, code: string, message: string): Response {
  const body = { code: status, error_code: code, msg: message, message };
  return Response.json(body, { status, headers: { "x-sb-error-code": code } });
}
