/** A connection to the stack that a test can cut, as a tunnel cuts a telephone's. */
export interface CuttableStack {
  url: string;
  /** Ends all connections and accepts none. */
  cut(): void;
  restore(): void;
  [Symbol.dispose](): void;
}

/** Forwards TCP connections to the stack's API. */
export function cuttable(apiUrl: string): CuttableStack {
  const { hostname, port } = new URL(apiUrl);
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const open = new Set<Deno.Conn>();
  let isCut = false;
  const close = (connection: Deno.Conn) => {
    open.delete(connection);
    try {
      connection.close();
    } catch {
      // The other side has closed it.
    }
  };
  const forward = async (client: Deno.Conn) => {
    if (isCut) return close(client);
    const server = await Deno.connect({ hostname, port: Number(port) });
    open.add(client).add(server);
    await Promise.allSettled([
      client.readable.pipeTo(server.writable),
      server.readable.pipeTo(client.writable),
    ]);
    close(client);
    close(server);
  };
  const accept = async () => {
    for await (const client of listener) forward(client).catch(() => close(client));
  };
  accept().catch(() => {});
  return {
    url: `http://127.0.0.1:${listener.addr.port}`,
    cut() {
      isCut = true;
      for (const connection of [...open]) close(connection);
    },
    restore() {
      isCut = false;
    },
    [Symbol.dispose]() {
      isCut = true;
      for (const connection of [...open]) close(connection);
      listener.close();
    },
  };
}
