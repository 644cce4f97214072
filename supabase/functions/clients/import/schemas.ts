import { z } from "../../_shared/zod.ts";
import { importFields, toImport } from "../../_shared/file_import/schemas.ts";

const settings = {
  observed_from: z.string().nullable().openapi({ format: "date", example: "2024-01-01" }),
};

export const ClientImport = z.object({ ...importFields, ...settings }).openapi("ClientImport");

/** The result of `private.lead_import_json` as the API's import. */
export const toClientImport = (row: unknown): z.infer<typeof ClientImport> => ({
  ...toImport(row),
  ...z.object(settings).parse(row),
});
