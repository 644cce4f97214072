import { join } from "node:path";
import { parse } from "smol-toml";
import { readIfThere } from "./files.ts";

/** What the stack reads of `supabase/config.toml`. */
export interface ProjectConfig {
  /** Whether the platform itself must check a token before this function runs; true where nothing is said. */
  verifiesJwt(functionName: string): boolean;
  buckets: {
    id: string;
    public: boolean;
    fileSizeLimit: string | null;
    mimeTypes: string[] | null;
  }[];
}

type Table = { [key: string]: unknown };

const tableAt = (table: Table, key: string): Table => {
  const value = table[key];
  return typeof value === "object" && value !== null ? { ...value } : {};
};

/** Reads the configuration; a project without one gets the platform's defaults. */
export function readConfig(projectDir: string): ProjectConfig {
  const config: Table = parse(readIfThere(join(projectDir, "supabase", "config.toml")) ?? "");
  const functions = tableAt(config, "functions");
  const buckets = tableAt(tableAt(config, "storage"), "buckets");
  return {
    verifiesJwt: (name) => tableAt(functions, name).verify_jwt !== false,
    buckets: Object.keys(buckets).map((id) => {
      const { public: open, file_size_limit: limit, allowed_mime_types: types } = tableAt(
        buckets,
        id,
      );
      return {
        id,
        public: open === true,
        fileSizeLimit: typeof limit === "string" ? limit : null,
        mimeTypes: Array.isArray(types) ? types.map(String) : null,
      };
    }),
  };
}
