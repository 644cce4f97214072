import { type Claims, claimsOf, credentialOf } from "../caller.ts";
import { readUpload } from "./body.ts";
import { findBucket, handleBuckets } from "./buckets.ts";
import type { StorageContext } from "./context.ts";
import { noBucket, noObject, StorageError, storageErrorResponse } from "./errors.ts";
import { listObjects } from "./list.ts";
import {
  findObject,
  type Place,
  putObject,
  relocate,
  removeObjects,
  serveObject,
} from "./objects.ts";
import { handleSigned, handleSigning } from "./signed.ts";

/** Storage's API over `storage.objects` and a folder, with the policies of the project. */
export function createStorage(context: StorageContext): (request: Request) => Promise<Response> {
  return async (request) => {
    try {
      return await route(context, request);
    } catch (error) {
      return storageErrorResponse(error);
    }
  };
}

async function callerOf(request: Request): Promise<Claims> {
  return await claimsOf(credentialOf(request)).catch(() => {
    throw new StorageError(403, "InvalidJWT", "Invalid Compact JWS");
  });
}

/** The place that a path names, its first parts taken off. */
export function placeIn([bucket = "", ...name]: string[]): Place {
  return { bucket, name: name.join("/") };
}

async function route(context: StorageContext, request: Request): Promise<Response> {
  const url = new URL(request.url);
  const parts = url.pathname.split("/").slice(3).filter(Boolean).map(decodeURIComponent);
  const [kind, action, ...rest] = parts;
  const read = request.method === "GET" || request.method === "HEAD";
  const options = { head: request.method === "HEAD", download: url.searchParams.get("download") };

  if (kind === "object" && read && action === "public") {
    const place = placeIn(rest);
    if (!(await findBucket(context.sql, place.bucket)).public) throw noBucket();
    return await serveObject(context, await findObject(context, place, null), options);
  }
  const signed = kind === "object" ? await handleSigned(context, request, parts.slice(1)) : null;
  if (signed) return signed;

  const claims = await callerOf(request);
  if (kind === "bucket") return await handleBuckets(context.sql, claims, request, parts.slice(1));
  if (kind !== "object") throw new StorageError(404, "InvalidRequest", "Route not found");
  if (read) {
    const place = placeIn(action === "authenticated" || action === "info" ? rest : parts.slice(1));
    const object = await findObject(context, place, claims);
    if (action === "info" && !options.head) return Response.json(infoOf(object, place.bucket));
    return await serveObject(context, object, options);
  }
  const signing = await handleSigning(context, { request, claims, parts: parts.slice(1) });
  return signing ?? await change(context, { request, claims, parts: parts.slice(1) });
}

function infoOf(object: Awaited<ReturnType<typeof findObject>>, bucket: string) {
  const { metadata, user_metadata: own, ...row } = object;
  return {
    ...row,
    bucket_id: bucket,
    size: metadata.size,
    content_type: metadata.mimetype,
    cache_control: metadata.cacheControl,
    etag: metadata.eTag,
    last_modified: metadata.lastModified,
    metadata: own ?? {},
  };
}

/** A request of a known caller, its path below `/object`. */
export interface ObjectRequest {
  request: Request;
  claims: Claims;
  parts: string[];
}

async function change(
  context: StorageContext,
  { request, claims, parts }: ObjectRequest,
): Promise<Response> {
  const [action = "", bucket = ""] = parts;
  if (request.method === "DELETE") {
    const place = placeIn(parts);
    if (place.name) {
      const [gone] = await removeObjects(context, claims, {
        bucket: place.bucket,
        names: [place.name],
      });
      if (!gone) throw noObject();
      return Response.json({ message: "Successfully deleted" });
    }
    const { prefixes: names = [] }: { prefixes?: string[] } = await request.json();
    return Response.json(await removeObjects(context, claims, { bucket: place.bucket, names }));
  }
  if (request.method === "POST" && action === "list" && parts.length === 2) {
    const input = await request.json();
    return Response.json(await listObjects(context.sql, claims, { bucket, input }));
  }
  if (request.method === "POST" && parts.length === 1 && (action === "move" || action === "copy")) {
    return await moveOrCopy(context, claims, { request, copy: action === "copy" });
  }
  if (request.method !== "POST" && request.method !== "PUT") {
    throw new StorageError(404, "InvalidRequest", "Route not found");
  }
  const upsert = request.headers.get("x-upsert") === "true";
  const mode = request.method === "PUT" ? "update" : upsert ? "upsert" : "insert";
  const place = placeIn(parts);
  return Response.json(
    await putObject(context, claims, { place, upload: await readUpload(request), mode }),
  );
}

async function moveOrCopy(
  context: StorageContext,
  claims: Claims,
  { request, copy }: { request: Request; copy: boolean },
): Promise<Response> {
  const { bucketId: bucket, sourceKey, destinationKey, destinationBucket } = await request.json();
  const from = { bucket, name: sourceKey };
  const to = { bucket: destinationBucket ?? bucket, name: destinationKey };
  await relocate(context, claims, { from, to, copy });
  return Response.json(
    copy ? { Key: `${to.bucket}/${to.name}`, Id: to.name } : { message: "Successfully moved" },
  );
}
