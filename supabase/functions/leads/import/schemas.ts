import { z } from "../../_shared/zod.ts";
import { Id } from "../../_shared/fields.ts";
import { importFields, toImport } from "../../_shared/file_import/schemas.ts";

const settings = {
  source: z.string().openapi({ example: "import" }),
  assigned_to: Id.nullable(),
  assigned_to_name: z.string().nullable(),
};

export const LeadImport = z.object({ ...importFields, ...settings }).openapi("LeadImport");

/** The result of `private.lead_import_json` as the API's import. */
export const toLeadImport = (row: unknown): z.infer<typeof LeadImport> => ({
  ...toImport(row),
  ...z.object(settings).parse(row),
});
