/** The beginning of an HTTP/1.1 answer. */
export interface Answer {
  status: number;
  /** Names in lower case. */
  headers: Map<string, string>;
  body: string;
}

/** What is read of an answer's head and of its body, in bytes. */
const maxHead = 16_384;
export const maxBody = 4_096;

const ascii = new TextDecoder("latin1");

/** The index after the empty line that ends the head, or -1. */
function headEnd(bytes: Uint8Array): number {
  for (let i = 3; i < bytes.length; i++) {
    if (bytes[i] === 10 && bytes[i - 1] === 13 && bytes[i - 2] === 10 && bytes[i - 3] === 13) {
      return i + 1;
    }
  }
  return -1;
}

/** The content of a chunked body (RFC 9112, 7.1) as far as it is there, and whether it is complete. */
function unchunked(bytes: Uint8Array): { content: Uint8Array; complete: boolean } {
  const parts: number[] = [];
  for (let at = 0;;) {
    const lineEnd = bytes.indexOf(10, at);
    if (lineEnd < 0) return { content: Uint8Array.from(parts), complete: false };
    const size = parseInt(ascii.decode(bytes.subarray(at, lineEnd)), 16);
    if (!Number.isInteger(size) || size <= 0) {
      return { content: Uint8Array.from(parts), complete: true };
    }
    parts.push(...bytes.subarray(lineEnd + 1, lineEnd + 1 + size));
    at = lineEnd + 1 + size + 2;
  }
}

interface Parsed {
  answer: Answer;
  complete: boolean;
  /** The answer is only interim (1xx); what follows begins here. */
  rest?: Uint8Array;
}

/** The answer in these bytes, or null while its head is not complete. */
function parse(bytes: Uint8Array): Parsed | null {
  const end = headEnd(bytes);
  if (end < 0) return null;
  const [statusLine = "", ...lines] = ascii.decode(bytes.subarray(0, end)).split("\r\n");
  const status = Number(/^HTTP\/1\.[01] (\d{3})\b/.exec(statusLine)?.[1]);
  if (!Number.isInteger(status)) throw new Error("The answer is not HTTP/1.1.");
  const headers = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(":");
    if (colon > 0) headers.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim());
  }
  const raw = bytes.subarray(end);
  const length = Number(headers.get("content-length") ?? Infinity);
  const chunked = /chunked\s*$/i.test(headers.get("transfer-encoding") ?? "");
  const { content, complete } = chunked
    ? unchunked(raw)
    : { content: raw, complete: raw.length >= length || status === 204 || status === 304 };
  const body = new TextDecoder().decode(content.subarray(0, maxBody));
  const answer = { status, headers, body };
  return status < 200 ? { answer, complete, rest: raw } : { answer, complete };
}

/**
 * Reads the head of an answer and at most 4 KB of its body; what follows is not read. Compressed bodies are not
 * expanded: the request asks for none.
 * @throws if what comes is no HTTP/1.1, its head is longer than 16 KB, or the connection ends within the head.
 */
export async function readAnswer(conn: Pick<Deno.Conn, "read">): Promise<Answer> {
  let bytes = new Uint8Array();
  const buffer = new Uint8Array(8_192);
  for (;;) {
    const count = await conn.read(buffer);
    if (count !== null) {
      const longer = new Uint8Array(bytes.length + count);
      longer.set(bytes);
      longer.set(buffer.subarray(0, count), bytes.length);
      bytes = longer;
    }
    let parsed = parse(bytes);
    while (parsed?.rest !== undefined) {
      bytes = parsed.rest.slice();
      parsed = parse(bytes);
    }
    if (
      parsed !== null && (parsed.complete || count === null || bytes.length > maxHead + maxBody)
    ) {
      return parsed.answer;
    }
    if (count === null) throw new Error("The connection ended before the answer.");
    if (parsed === null && bytes.length > maxHead) {
      throw new Error("The answer's head is too long.");
    }
    if (parsed !== null && parsed.answer.body.length >= maxBody) return parsed.answer;
  }
}
