import { Failure } from "./failure.ts";
import type { Ports } from "./settings.ts";

/** Throws a sentence that names the first port something else listens on. */
export function requireFreePorts(ports: Ports): void {
  for (const [name, port] of Object.entries(ports)) {
    try {
      Deno.listen({ hostname: "127.0.0.1", port }).close();
    } catch (error) {
      if (error instanceof Deno.errors.AddrInUse) {
        throw new Failure(
          `Port ${port} (${name}) is in use: stop what listens there, or set SIGNALBOX_PORT to ` +
            "another number with four free ones after it.",
        );
      }
      throw error;
    }
  }
}
