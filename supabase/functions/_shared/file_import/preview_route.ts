import { createRoute } from "../zod.ts";
import type { App } from "../app.ts";
import type { Actor } from "../actor.ts";
import { invalidFields, Problem, problems } from "../problem.ts";
import { guarded, IdempotencyHeader, json, permitted } from "../route.ts";
import { parseMapping } from "../sheet/form_fields.ts";
import { HEADER_ROWS } from "../sheet/limits.ts";
import type { Mapping } from "./columns.ts";
import type { FileKind } from "./kind.ts";
import { resolveMapping, suggestMapping } from "./mapping.ts";
import { preview } from "./preview.ts";
import { previewSchema, requestedMapping } from "./schemas.ts";
import { readForm, type Source } from "./source.ts";

const definition = <T extends object, R extends object>(
  { name, title, permission }: FileKind<T, R>,
  Preview: ReturnType<typeof previewSchema>,
) =>
  createRoute({
    method: "post",
    path: "/import/preview",
    operationId: `preview${title}Import`,
    tags: [name],
    summary: `Upload a file of ${name} and preview its import`,
    description:
      "A .csv file of up to 50 MB, or an .xlsx or .xls workbook of up to 10 MB. It is stored under upload_id for 24 " +
      "hours; with `upload_id` instead of `file` it is previewed again with another mapping. `row` is the sheet's row " +
      "number. The header is found in the first rows; `header_row`, before `file` in the form, gives its number. A " +
      "person's oldest waiting files are deleted when there are too many.",
    ...permitted(permission),
    request: {
      headers: IdempotencyHeader,
      body: {
        required: true,
        content: {
          // A plain schema: the form is streamed and not parsed by the router.
          "multipart/form-data": {
            schema: {
              type: "object",
              properties: {
                header_row: { type: "integer", minimum: 1, maximum: HEADER_ROWS },
                file: { type: "string", format: "binary" },
                upload_id: { type: "string", format: "uuid" },
                mapping: { type: "string", description: "JSON: { column header or index: field }" },
              },
            },
          },
        },
      },
    },
    responses: {
      201: json(Preview, "What was read"),
      ...guarded,
      ...problems(400, 404, 409, 413, 415, 422, 429),
    },
  });

function mappingOf<T extends object, R extends object>(
  kind: FileKind<T, R>,
  text: string | undefined,
  { columns, terms }: Source<T>,
  { currency }: Actor["organization"],
): { mapping: Mapping; suggested: Mapping } {
  const rules = kind.fields(terms, currency);
  const suggested = suggestMapping(columns, rules);
  const requested = parseMapping(text ?? "", requestedMapping(kind));
  if (requested === null) return { mapping: suggested, suggested };
  const { mapping, errors } = resolveMapping(requested, columns, rules);
  if (errors.length > 0) throw invalidFields(errors.slice(0, 100));
  return { mapping, suggested };
}

/** POST …/import/preview for files of this kind. */
export function previewImport<T extends object, R extends object>(app: App, kind: FileKind<T, R>) {
  const Preview = previewSchema(kind);
  app.openapi(definition(kind, Preview), async (c) => {
    const { actor, db } = c.var;
    // With an Idempotency-Key the body was already read for its fingerprint.
    const request = c.req.raw.bodyUsed
      ? new Request(c.req.url, {
        method: "POST",
        headers: c.req.raw.headers,
        body: await c.req.arrayBuffer(),
      })
      : c.req.raw;
    const { source, mapping } = await readForm(db, kind, actor, request);
    if ("replayed" in source) return c.json(Preview.parse(source.replayed), 201);
    try {
      const mappings = mappingOf(kind, mapping, source, actor.organization);
      return c.json(Preview.parse(await preview(db, kind, actor, source, mappings)), 201);
    } catch (error) {
      // A file with an invalid mapping is discarded; the client sends it again with another mapping.
      if (error instanceof Problem && source.isNew) {
        await db.rpc("discard_lead_upload", {
          organization_id: actor.organizationId,
          upload_id: source.uploadId,
          kind: kind.name,
        });
      }
      throw error;
    }
  });
}
