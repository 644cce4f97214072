import { getCountryCallingCode, isSupportedCountry } from "libphonenumber-js";
import { z } from "../_shared/zod.ts";
import type { Actor } from "../_shared/actor.ts";
import type { Client } from "../_shared/clients.ts";
import { fieldText, type FormPart, formParts } from "../_shared/multipart.ts";
import { isPlain, plainMessage } from "../_shared/plain_text.ts";
import { ensure, invalidFields, unwrap } from "../_shared/problem.ts";

/** Characters of a piece, which one statement imports: some 20,000 numbers. */
const pieceSize = 256 * 1024;
const piecesPerCall = 8;

const Head = z.object({
  name: z.string().trim().min(1).max(100).refine(isPlain, plainMessage),
  kind: z.enum(["registry", "litigator", "internal"]),
  country: z.string().trim().toUpperCase().refine(isSupportedCountry, "is no country's code")
    .optional(),
});
const Begun = z.union([
  z.object({ replayed: z.unknown() }).strict(),
  z.object({ list_id: z.string() }),
]);

/** The text of a file in pieces of at most `pieceSize` that end where lines do, however it arrives. */
export async function* piecesOf(content: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const bytes of content) {
    rest += decoder.decode(bytes, { stream: true }).replaceAll("\0", "");
    while (rest.length > pieceSize) {
      const cut = Math.max(rest.lastIndexOf("\n", pieceSize), rest.lastIndexOf("\r", pieceSize));
      if (cut === -1) {
        throw invalidFields([{ path: "file", message: "is not a file with one number a line" }]);
      }
      yield rest.slice(0, cut);
      rest = rest.slice(cut + 1);
    }
  }
  rest += decoder.decode();
  if (rest.trim() !== "") yield rest;
}

async function store(
  db: Client,
  ids: { organization_id: string; list_id: string },
  part: FormPart,
) {
  let waiting: string[] = [];
  const send = async () => {
    ensure(await db.rpc("add_dnc_pieces", { ...ids, pieces: waiting }));
    waiting = [];
  };
  for await (const piece of piecesOf(part.content)) {
    waiting.push(piece);
    if (waiting.length === piecesPerCall) await send();
  }
  if (waiting.length > 0) await send();
}

/**
 * Streams a list and its file into the database: the fields must precede `file`, since the file is never in memory as a
 * whole. Returns the list, or the stored answer for a repeated request.
 */
export async function receiveList(db: Client, actor: Actor, request: Request): Promise<unknown> {
  const fields: Record<string, string> = {};
  for await (const part of formParts(request.body, request.headers.get("content-type") ?? "")) {
    if (["name", "kind", "country"].includes(part.name)) fields[part.name] = await fieldText(part);
    else if (part.name === "file" && part.fileName !== null) {
      return await receiveFile(db, actor, fields, part);
    }
  }
  throw invalidFields([{ path: "file", message: "Send the file as multipart field `file`." }]);
}

async function receiveFile(
  db: Client,
  { organizationId, organization }: Actor,
  fields: Record<string, string>,
  part: FormPart,
): Promise<unknown> {
  const head = Head.safeParse(fields);
  if (!head.success) {
    throw invalidFields(
      head.error.issues.map(({ path, message }) => ({
        path: path.join("."),
        message: `${message}; it must come before the file`,
      })),
    );
  }
  const { country = organization.country.toUpperCase(), ...named } = head.data;
  const begun = Begun.parse(unwrap(
    await db.rpc("begin_dnc_list", {
      organization_id: organizationId,
      list: {
        ...named,
        calling_code: isSupportedCountry(country) ? getCountryCallingCode(country) : "1",
      },
    }),
  ));
  if ("replayed" in begun) return begun.replayed;
  const ids = { organization_id: organizationId, list_id: begun.list_id };
  try {
    await store(db, ids, part);
    return unwrap(await db.rpc("complete_dnc_upload", ids));
  } catch (error) {
    await db.rpc("discard_dnc_list", ids);
    throw error;
  }
}
