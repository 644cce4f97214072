// The only module that imports these packages: Deno resolves a package again for every module that imports it, 8 ms
// each, which was half of a function's cold start.
export { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
