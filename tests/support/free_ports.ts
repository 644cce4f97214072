function isFree(port: number): boolean {
  try {
    Deno.listen({ hostname: "127.0.0.1", port }).close();
    return true;
  } catch {
    return false;
  }
}

/** The first port, from the given one on, that is free with the four that follow it. */
export function freePorts(from: number): number {
  for (let port = from; port <= 65_000; port += 5) {
    if ([0, 1, 2, 3, 4].every((offset) => isFree(port + offset))) return port;
  }
  throw new Error(`There are no five free ports in a row from ${from} on.`);
}
