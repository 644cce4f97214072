import { router } from "./router.ts";

Deno.serve(router.fetch);
