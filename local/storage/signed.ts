import { readUpload } from "./body.ts";
import type { StorageContext } from "./context.ts";
import { type ObjectRequest, placeIn } from "./front.ts";
import { findObject, putObject, serveObject } from "./objects.ts";
import { signPlace, verifyPlace } from "./sign.ts";

const TWO_HOURS = 7200;

/** Requests whose address carries their permission; null for others. `parts` is the path below `/object`. */
export async function handleSigned(
  context: StorageContext,
  request: Request,
  [action, ...parts]: string[],
): Promise<Response | null> {
  const { searchParams } = new URL(request.url);
  const token = searchParams.get("token") ?? "";
  if (action === "sign" && (request.method === "GET" || request.method === "HEAD")) {
    const place = placeIn(parts);
    await verifyPlace(place, token);
    const options = { head: request.method === "HEAD", download: searchParams.get("download") };
    return await serveObject(context, await findObject(context, place, null), options);
  }
  if (action === "upload" && parts[0] === "sign" && request.method === "PUT") {
    const place = placeIn(parts.slice(1));
    const { owner, upsert } = await verifyPlace(place, token);
    const claims = { role: "service_role", ...(owner && { sub: owner }) };
    const upload = await readUpload(request);
    const mode = upsert ? "upsert" : "insert";
    return Response.json(await putObject(context, claims, { place, upload, mode }));
  }
  return null;
}

/** Requests for signed addresses; null for others. */
export async function handleSigning(
  context: StorageContext,
  { request, claims, parts: [action, ...parts] }: ObjectRequest,
): Promise<Response | null> {
  if (request.method !== "POST") return null;
  const addressOf = async (name: string, seconds: number) => {
    const place = placeIn(name.split("/"));
    await findObject(context, place, claims);
    // storage-js encodes what it gets here.
    return `/object/sign/${name}?token=${await signPlace(place, seconds)}`;
  };
  if (action === "upload" && parts[0] === "sign") {
    const place = placeIn(parts.slice(1));
    const upsert = request.headers.get("x-upsert") === "true";
    const token = await signPlace(place, TWO_HOURS, { owner: claims.sub ?? null, upsert });
    const url = `/object/upload/sign/${place.bucket}/${place.name}?token=${token}`;
    return Response.json({ url, token });
  }
  if (action !== "sign") return null;
  const { expiresIn = 60, paths = [] }: { expiresIn?: number; paths?: string[] } = await request
    .json();
  if (parts.length > 1) {
    return Response.json({ signedURL: await addressOf(parts.join("/"), expiresIn) });
  }
  const results = paths.map(async (path) => {
    const missing = "Either the object does not exist or you do not have access to it";
    return await addressOf(`${parts[0]}/${path}`, expiresIn).then(
      (signedURL) => ({ error: null, path, signedURL }),
      () => ({ error: missing, path, signedURL: null }),
    );
  });
  return Response.json(await Promise.all(results));
}
