import type postgres from "postgres";
import { REQUEST_SIGNING_KEY, SECRET_KEY } from "./keys.ts";
import { messageOf, warn } from "./log.ts";
import type { ProjectConfig } from "./project_config.ts";

/** Tells SQL functions, through Vault, where this stack's functions are and the key that opens them. */
export async function keepVaultSecrets(sql: postgres.Sql, apiUrl: string): Promise<void> {
  const secrets = {
    project_url: apiUrl,
    jobs_secret_key: SECRET_KEY,
    request_signing_key: REQUEST_SIGNING_KEY,
  };
  for (const [name, value] of Object.entries(secrets)) {
    const [known] = await sql`select id from vault.secrets where name = ${name}`;
    if (known) await sql`select vault.update_secret(${known.id}::uuid, ${value})`;
    else await sql`select vault.create_secret(${value}, ${name}, 'kept by the local stack')`;
  }
}

/** Makes the buckets that `supabase/config.toml` names. */
export async function makeBuckets(sql: postgres.Sql, config: ProjectConfig): Promise<void> {
  for (const { id, public: open, fileSizeLimit, mimeTypes } of config.buckets) {
    await sql`
      insert into storage.buckets (id, name, public, file_size_limit, allowed_mime_types)
      values (${id}, ${id}, ${open}, ${fileSizeLimit && bytesOf(fileSizeLimit)}, ${mimeTypes})
      on conflict (id) do nothing`;
  }
}

const sizes: Record<string, number> = { "": 0, k: 1, m: 2, g: 3 };

/** Reads "50MiB", "5MB" or "100". */
export function bytesOf(text: string): number {
  const [, amount, unit = ""] = /^\s*(\d+(?:\.\d+)?)\s*([kmg]?)i?b?\s*$/i.exec(text) ?? [];
  if (!amount) throw new Error(`${text} is no size.`);
  return Math.round(Number(amount) * 1024 ** (sizes[unit.toLowerCase()] ?? 0));
}

const HOUR = 3_600_000;

/** Makes Realtime's partitions for the coming days, now and each hour. */
export async function startHousekeeping(sql: postgres.Sql): Promise<{ stop(): void }> {
  const keepPartitions = () =>
    sql`select realtime.keep_partitions()`.then(
      () => {},
      (error) => warn(`realtime partitions: ${messageOf(error)}`),
    );
  await keepPartitions();
  const timer = setInterval(keepPartitions, HOUR);
  return { stop: () => clearInterval(timer) };
}
