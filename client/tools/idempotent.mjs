// Writes which operations take an Idempotency-Key, as the OpenAPI document says.
import { readFileSync, writeFileSync } from "node:fs";

const { paths } = JSON.parse(
  readFileSync(
    new URL("../../supabase/functions/docs/openapi.json", import.meta.url),
    "utf8",
  ),
);
const operations = Object.entries(paths).flatMap(([path, methods]) =>
  Object.entries(methods)
    .filter(([, { parameters = [] }]) => parameters.some(({ name }) => name === "idempotency-key"))
    .map(([method]) => `${method.toUpperCase()} ${path}`)
).sort();
writeFileSync(
  new URL("../src/idempotent.ts", import.meta.url),
  `// Written by \`npm run types\`.

/** The operations that take an Idempotency-Key: those can be repeated after a lost answer. */
export const IDEMPOTENT: ReadonlySet<string> = new Set([
${operations.map((operation) => `  ${JSON.stringify(operation)},`).join("\n")}
]);
`,
);
