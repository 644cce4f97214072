import { request as httpRequest } from "node:http";
import type { Answer } from "./http.ts";

/** Asks for a WebSocket and gives what is answered instead; null if the socket opens. */
export function askForSocket(
  url: string,
  headers: Record<string, string> = {},
): Promise<Answer | null> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, {
      headers: {
        connection: "upgrade",
        upgrade: "websocket",
        "sec-websocket-version": "13",
        "sec-websocket-key": btoa("sixteen bytes ok"),
        ...headers,
      },
    });
    request.on("error", reject);
    request.on("upgrade", (_response, socket) => {
      socket.destroy();
      resolve(null);
    });
    request.on("response", async (response) => {
      let text = "";
      for await (const chunk of response) text += chunk;
      const type = response.headers["content-type"] ?? "";
      resolve({
        status: response.statusCode ?? 0,
        body: text && type.includes("json") ? JSON.parse(text) : text,
        headers: new Headers({ "content-type": type }),
      });
    });
    request.end();
  });
}
