/** A JSON schema, as far as samples need it. */
export interface Schema {
  $ref?: string;
  type?: string | string[];
  example?: unknown;
  default?: unknown;
  enum?: unknown[];
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  minimum?: number;
  allOf?: Schema[];
  anyOf?: Schema[];
  oneOf?: Schema[];
}

/** One operation of the OpenAPI document. */
export interface Operation {
  id: string;
  method: string;
  path: string;
  permission: string | undefined;
  /** The names of the security schemes; empty for public ones. */
  security: string[];
  tags: string[];
  /** Names of the parameters in the path. */
  parameters: string[];
  /** The query that it cannot do without, with `?`; empty if it needs none. */
  query: string;
  /** The schema of the JSON body. */
  body: Schema | undefined;
  responses: string[];
}

interface RawOperation {
  operationId: string;
  "x-permission"?: string;
  security: Record<string, string[]>[];
  tags: string[];
  parameters?: { name: string; in: string; required?: boolean; schema: Schema }[];
  requestBody?: { content: Record<string, { schema: Schema }> };
  responses: Record<string, { content?: Record<string, unknown> }>;
}

/** The OpenAPI document, as far as tests look at it. */
export interface ApiDocument {
  tags: { name: string; description: string }[];
  paths: Record<string, Record<string, RawOperation>>;
  /** By the type of the event. */
  webhooks: Record<string, { post: Pick<RawOperation, "requestBody"> }>;
  components: { schemas: Record<string, Schema> };
}

/** The written document, whose functions for jobs and providers are not in the served one. */
export async function writtenDocument(): Promise<ApiDocument> {
  const file = new URL("../../supabase/functions/docs/openapi.json", import.meta.url);
  return JSON.parse(await Deno.readTextFile(file));
}

/** All operations of the document. */
export function operationsOf(document: ApiDocument): Operation[] {
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, raw]) => ({
      id: raw.operationId,
      method: method.toUpperCase(),
      path,
      permission: raw["x-permission"],
      security: raw.security.flatMap((requirement) => Object.keys(requirement)),
      tags: raw.tags,
      parameters: [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? ""),
      query: requiredQuery(document, raw),
      body: raw.requestBody?.content["application/json"]?.schema,
      responses: Object.keys(raw.responses),
    }))
  );
}

function requiredQuery(document: ApiDocument, { parameters = [] }: RawOperation): string {
  const pairs = parameters.filter((parameter) => parameter.in === "query" && parameter.required)
    .map(({ name, schema }) => [name, String(sample(document, schema))]);
  return pairs.length > 0 ? `?${new URLSearchParams(pairs)}` : "";
}

/** A value that fits the schema. Properties named in `ids` get that value; optional ones are left out unless they lead to such. */
export function sample(
  document: ApiDocument,
  schema: Schema,
  ids: Record<string, string> = {},
): unknown {
  const resolved = resolve(document, schema);
  if (resolved.allOf) {
    return Object.assign(
      {},
      ...resolved.allOf.map((part) => sample(document, part, ids)),
    );
  }
  const choice = resolved.anyOf?.[0] ?? resolved.oneOf?.[0];
  if (choice) return resolved.example ?? sample(document, choice, ids);
  if (resolved.properties) {
    const wanted = Object.entries(resolved.properties).filter(([name, property]) =>
      resolved.required?.includes(name) || name in ids || mentions(document, property, ids) ||
      // A change must change something.
      (!resolved.required && Object.keys(ids).length === 0 && property.example !== undefined)
    );
    return Object.fromEntries(
      wanted.map(([name, property]) => [name, ids[name] ?? sample(document, property, ids)]),
    );
  }
  if (resolved.items && resolved.example === undefined) {
    return [sample(document, resolved.items, ids)];
  }
  return resolved.example ?? resolved.default ?? resolved.enum?.[0] ?? plainValue(resolved);
}

/** Whether a value of the schema can hold one of the named properties. */
export function mentions(
  document: ApiDocument,
  schema: Schema,
  ids: Record<string, string>,
): boolean {
  const resolved = resolve(document, schema);
  const parts = [...resolved.allOf ?? [], ...resolved.anyOf ?? [], ...resolved.oneOf ?? []];
  return Object.entries(resolved.properties ?? {}).some(([name, property]) =>
    name in ids || mentions(document, property, ids)
  ) || (resolved.items !== undefined && mentions(document, resolved.items, ids)) ||
    parts.some((part) => mentions(document, part, ids));
}

/** The schema behind a reference. */
export function resolve(document: ApiDocument, schema: Schema): Schema {
  const name = schema.$ref?.split("/").at(-1);
  return name ? resolve(document, document.components.schemas[name] ?? {}) : schema;
}

function plainValue(schema: Schema): unknown {
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type;
  if (type === "integer" || type === "number") return schema.minimum ?? 1;
  if (type === "boolean") return false;
  return type === "object" ? {} : "text";
}

/** The path with ids of nothing. */
export const anyId = (path: string) => path.replace(/\{\w+\}/g, () => crypto.randomUUID());
