/** A file as it came in. */
export interface Upload {
  bytes: Uint8Array<ArrayBuffer>;
  mimetype: string;
  cacheControl: string;
  metadata: Record<string, string> | null;
}

/** Reads an upload: the body itself, or the file of a form. */
export async function readUpload(request: Request): Promise<Upload> {
  const bytes = new Uint8Array(await request.arrayBuffer());
  const type = request.headers.get("content-type") ?? "application/octet-stream";
  const boundary = /^multipart\/form-data;.*boundary="?([^";]+)"?/i.exec(type)?.[1];
  if (boundary) return fromForm(bytes, boundary);
  return {
    bytes,
    mimetype: type,
    cacheControl: request.headers.get("cache-control") ?? "no-cache",
    metadata: parse(decode(request.headers.get("x-metadata"))),
  };
}

const decode = (base64: string | null) =>
  base64 && new TextDecoder().decode(Uint8Array.from(atob(base64), (c) => c.charCodeAt(0)));

function parse(json: string | null | undefined): Record<string, string> | null {
  return json ? JSON.parse(json) : null;
}

/** storage-js sends the file as a part with an empty name, which `Request.formData` drops. */
function fromForm(bytes: Uint8Array<ArrayBuffer>, boundary: string): Upload {
  const text = new TextDecoder("latin1").decode(bytes);
  const separator = `--${boundary}`;
  const fields = new Map<string, string>();
  let file: Pick<Upload, "bytes" | "mimetype"> = { bytes: new Uint8Array(), mimetype: "" };
  for (let at = text.indexOf(separator); at >= 0;) {
    const next = text.indexOf(`\r\n${separator}`, at + separator.length);
    const headEnd = text.indexOf("\r\n\r\n", at);
    if (next < 0 || headEnd < 0) break;
    const head = text.slice(at, headEnd);
    const content = bytes.slice(headEnd + 4, next);
    const mimetype = /content-type:\s*([^\r\n]+)/i.exec(head)?.[1];
    if (mimetype || /filename=/i.test(head)) {
      file = { bytes: content, mimetype: mimetype ?? "application/octet-stream" };
    } else {
      const name = /name="([^"]*)"/i.exec(head)?.[1] ?? "";
      fields.set(name, new TextDecoder().decode(content));
    }
    at = next + 2;
  }
  const seconds = fields.get("cacheControl");
  return {
    ...file,
    cacheControl: seconds ? `max-age=${seconds}` : "no-cache",
    metadata: parse(fields.get("metadata")),
  };
}
