import type { OpenAPIHono } from "./zod.ts";
import type { AppEnv } from "./context.ts";

/** The head of all OpenAPI documents; each function serves its part, the docs function the whole. */
export const documentConfig = {
  openapi: "3.1.0",
  info: {
    title: "Signalbox",
    version: "1.0.0",
    description:
      "Customer operations for many tenants: customers and arrears, messages, leads, campaigns.",
    license: { name: "MIT", identifier: "MIT" },
  },
  servers: [{ url: "/functions/v1" }],
};

/** Registers the authentication schemes that routes use in `security`. */
export function securitySchemes(app: OpenAPIHono<AppEnv>): void {
  app.openAPIRegistry.registerComponent("securitySchemes", "bearer", {
    type: "http",
    scheme: "bearer",
    bearerFormat: "JWT",
    description: "A Supabase access token, from POST /auth/login or supabase-js",
  });
  app.openAPIRegistry.registerComponent("securitySchemes", "apiKey", {
    type: "apiKey",
    in: "header",
    name: "x-api-key",
    description:
      "An API key of an organization (POST /admin/integrations/api-keys), here or as a bearer token",
  });
  app.openAPIRegistry.registerComponent("securitySchemes", "secretKey", {
    type: "apiKey",
    in: "header",
    name: "apikey",
    description: "A secret key of the project; for background work only",
  });
}
