// The one module that names these packages: Deno resolves a package anew for every module that imports it, which took
// 8 ms each and made up half of a function's cold start.
export { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
