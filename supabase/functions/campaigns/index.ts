import { withSockets } from "../_shared/socket.ts";
import { router } from "./router.ts";

Deno.serve(withSockets(router.fetch));
