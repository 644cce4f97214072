/*
 * Tests of the local stack. Each suite is a module of its own; they share one stack, because starting it takes seconds.
 */
import { stack } from "./stack_fixture.ts";

Deno.test.beforeAll(async () => void await stack());
Deno.test.afterAll(async () => await (await stack()).remove());

await import("./suites/data_api.ts");
await import("./suites/auth.ts");
await import("./suites/storage.ts");
await import("./suites/realtime.ts");
await import("./suites/functions.ts");
await import("./suites/background.ts");
await import("./suites/lifecycle.ts");
