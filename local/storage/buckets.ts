import type postgres from "postgres";
import { type Claims } from "../caller.ts";
import { bytesOf } from "../platform.ts";
import { asCaller } from "./context.ts";
import { noBucket, StorageError } from "./errors.ts";

/** A row of `storage.buckets`. */
export interface Bucket {
  id: string;
  public: boolean;
  file_size_limit: string | null;
  allowed_mime_types: string[] | null;
}

interface BucketInput {
  id?: string;
  name?: string;
  public?: boolean;
  file_size_limit?: number | string | null;
  allowed_mime_types?: string[] | null;
}

/** The bucket whatever the caller may see of it: its limits and whether it is public. */
export async function findBucket(sql: postgres.Sql, id: string): Promise<Bucket> {
  const [bucket] = await sql<Bucket[]>`
    select id, public, file_size_limit, allowed_mime_types from storage.buckets where id = ${id}`;
  if (!bucket) throw noBucket();
  return bucket;
}

/** `/bucket` and `/bucket/{id}`, as the caller. */
export async function handleBuckets(
  sql: postgres.Sql,
  claims: Claims,
  request: Request,
  [id, action]: string[],
): Promise<Response> {
  const input: BucketInput = await request.json().catch(() => ({}));
  const columns = {
    ...(input.public !== undefined && { public: input.public }),
    ...(input.file_size_limit !== undefined && { file_size_limit: limitOf(input.file_size_limit) }),
    ...(input.allowed_mime_types !== undefined &&
      { allowed_mime_types: input.allowed_mime_types }),
  };
  return await asCaller(sql, claims, async (t) => {
    if (!id) {
      if (request.method === "GET") {
        return Response.json(await t`select * from storage.buckets order by name`);
      }
      const name = input.name ?? input.id ?? "";
      await t`insert into storage.buckets ${t({ id: input.id ?? name, name, ...columns })}`;
      return Response.json({ name });
    }
    const [bucket] = await t`select * from storage.buckets where id = ${id}`;
    if (!bucket) throw noBucket();
    if (request.method === "GET") return Response.json(bucket);
    if (request.method === "PUT") {
      await t`update storage.buckets set ${
        t({ ...columns, updated_at: new Date() })
      } where id = ${id}`;
      return Response.json({ message: "Successfully updated" });
    }
    if (action === "empty") {
      await t`delete from storage.objects where bucket_id = ${id}`;
      return Response.json({ message: "Successfully emptied" });
    }
    const [object] = await t`select 1 from storage.objects where bucket_id = ${id} limit 1`;
    if (object) {
      throw new StorageError(409, "InvalidRequest", "The bucket you tried to delete is not empty");
    }
    await t`delete from storage.buckets where id = ${id}`;
    return Response.json({ message: "Successfully deleted" });
  });
}

const limitOf = (limit: number | string | null) =>
  typeof limit === "string" ? bytesOf(limit) : limit;
