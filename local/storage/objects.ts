import { createHash } from "node:crypto";
import { join } from "node:path";
import type { Claims } from "../caller.ts";
import type { Upload } from "./body.ts";
import { findBucket } from "./buckets.ts";
import { asCaller, type StorageContext } from "./context.ts";
import { noObject, StorageError } from "./errors.ts";

/** A row of `storage.objects`. */
export interface StoredObject {
  id: string;
  name: string;
  version: string;
  metadata: {
    mimetype: string;
    size: number;
    cacheControl: string;
    eTag: string;
    lastModified: string;
  };
  user_metadata: Record<string, string> | null;
  created_at: Date;
  updated_at: Date;
  last_accessed_at: Date;
}

/** Where an object is: its bucket and its name there. */
export interface Place {
  bucket: string;
  name: string;
}

const DEFAULT_LIMIT = 50 * 1024 * 1024;

/** The object if the caller's policies show it; without claims, whatever they say. */
export async function findObject(
  { sql }: StorageContext,
  { bucket, name }: Place,
  claims: Claims | null,
): Promise<StoredObject> {
  const who = claims ?? { role: "service_role" };
  const [object] = await asCaller(
    sql,
    who,
    (t) =>
      t<StoredObject[]>`select * from storage.objects where bucket_id = ${bucket} and name = ${name}`,
  );
  if (!object) throw noObject();
  return object;
}

/** Keeps a file. The row is written as the caller; the file exists before the row can be seen. */
export async function putObject(
  context: StorageContext,
  claims: Claims,
  { place, upload, mode }: { place: Place; upload: Upload; mode: "insert" | "upsert" | "update" },
): Promise<{ Id: string; Key: string }> {
  const bucket = await findBucket(context.sql, place.bucket);
  requireAllowed(upload, bucket.file_size_limit, bucket.allowed_mime_types);
  const [id, version] = [crypto.randomUUID(), crypto.randomUUID()];
  await Deno.mkdir(context.folder, { recursive: true });
  const path = join(context.folder, version);
  await Deno.writeFile(path, upload.bytes);
  const row = {
    bucket_id: place.bucket,
    name: place.name,
    version,
    owner: claims.sub ?? null,
    owner_id: claims.sub ?? null,
    metadata: context.sql.json(metadataOf(upload)),
    user_metadata: upload.metadata && context.sql.json(upload.metadata),
  };
  try {
    await asCaller(context.sql, claims, async (t) => {
      if (mode === "insert") await t`insert into storage.objects ${t({ id, ...row })}`;
      else if (mode === "upsert") {
        await t`
          insert into storage.objects ${t({ id, ...row })} on conflict (bucket_id, name)
          do update set ${t({ ...row, updated_at: new Date() })}`;
      } else {
        const { count } = await t`
          update storage.objects set ${t({ ...row, updated_at: new Date() })}
          where bucket_id = ${place.bucket} and name = ${place.name}`;
        if (count === 0) throw noObject();
      }
      return true;
    });
  } catch (error) {
    await Deno.remove(path);
    throw error;
  }
  return { Id: id, Key: `${place.bucket}/${place.name}` };
}

function requireAllowed(upload: Upload, limit: string | null, types: string[] | null): void {
  if (upload.bytes.length > Number(limit ?? DEFAULT_LIMIT)) {
    throw new StorageError(413, "EntityTooLarge", "The object exceeded the maximum allowed size");
  }
  const type = upload.mimetype.split(";")[0]?.trim() ?? "";
  const matches = (allowed: string) =>
    allowed === type || (allowed.endsWith("/*") && type.startsWith(allowed.slice(0, -1)));
  if (types?.length && !types.some(matches)) {
    throw new StorageError(415, "InvalidMimeType", `mime type ${type} is not supported`);
  }
}

function metadataOf({ bytes, mimetype, cacheControl }: Upload) {
  return {
    eTag: `"${createHash("md5").update(bytes).digest("hex")}"`,
    size: bytes.length,
    contentLength: bytes.length,
    mimetype,
    cacheControl,
    lastModified: new Date().toISOString(),
    httpStatusCode: 200,
  };
}

/** The file with its headers. `download` is the name a browser saves it under. */
export async function serveObject(
  { folder }: StorageContext,
  { version, metadata }: StoredObject,
  { head, download }: { head: boolean; download: string | null },
): Promise<Response> {
  const headers = new Headers({
    "content-type": metadata.mimetype,
    "content-length": String(metadata.size),
    "cache-control": metadata.cacheControl,
    "last-modified": new Date(metadata.lastModified).toUTCString(),
    etag: metadata.eTag,
  });
  if (download !== null) {
    const name = download ? `; filename*=UTF-8''${encodeURIComponent(download)}` : "";
    headers.set("content-disposition", `attachment${name}`);
  }
  if (head) return new Response(null, { headers });
  const file = await Deno.open(join(folder, version)).catch((error) => {
    throw error instanceof Deno.errors.NotFound ? noObject() : error;
  });
  return new Response(file.readable, { headers });
}

/** Removes what the caller may remove of these, and gives the rows. */
export async function removeObjects(
  { sql, folder }: StorageContext,
  claims: Claims,
  { bucket, names }: { bucket: string; names: string[] },
): Promise<StoredObject[]> {
  const removed = await asCaller(sql, claims, (t) =>
    t<StoredObject[]>`
      delete from storage.objects where bucket_id = ${bucket} and name = any (${names}) returning *`);
  for (const { version } of removed) await Deno.remove(join(folder, version)).catch(() => {});
  return removed;
}

/** Gives an object another name, or its content a second one. */
export async function relocate(
  context: StorageContext,
  claims: Claims,
  { from, to, copy }: { from: Place; to: Place; copy: boolean },
): Promise<void> {
  const object = await findObject(context, from, claims);
  if (!copy) {
    const { count } = await asCaller(context.sql, claims, (t) =>
      t`
        update storage.objects set bucket_id = ${to.bucket}, name = ${to.name}, updated_at = now()
        where id = ${object.id}`);
    if (count === 0) throw noObject();
    return;
  }
  const { mimetype, cacheControl } = object.metadata;
  const bytes = await Deno.readFile(join(context.folder, object.version));
  const upload = { bytes, mimetype, cacheControl, metadata: object.user_metadata };
  await putObject(context, claims, { place: to, upload, mode: "insert" });
}
