import { parse } from "smol-toml";
import { z } from "zod";

/** The old services, by the names that the command takes. */
export const KINDS = [
  "insight-ops",
  "sms-tower",
  "onlyai-crm",
  "lead-tool",
  "churnguard",
] as const;
export type Kind = (typeof KINDS)[number];

/** What a step makes, in the order in which steps run: whom not to text comes before everything that could be texted. */
export const TARGETS = [
  "opt_outs",
  "replies",
  "people",
  "consents",
  "customers",
  "customer_actions",
  "leads",
  "students",
  "lead_history",
  "tasks",
  "interactions",
  "templates",
  "campaigns",
  "campaign_targets",
  "messages",
  "clients",
  "client_interactions",
  "client_issues",
  "client_predictions",
  "notes",
] as const;
export type Target = (typeof TARGETS)[number];

const Columns = z.record(
  z.string(),
  z.union([z.string(), z.array(z.string()).min(1)]).transform((names) => [names].flat()),
);

const Step = z.strictObject({
  into: z.enum(TARGETS),
  name: z.string().regex(/^[a-z][a-z0-9_]{0,49}$/).optional(),
  table: z.string().optional(),
  query: z.string().optional(),
  optional: z.boolean().default(false),
  // Contacts: only those that opted out, whatever column says so. One without a number cannot be texted anyway.
  only: z.literal("opted_out").optional(),
  // For rows that are no contacts: an opt-out without a number stops the import.
  needs_number: z.boolean().default(false),
  columns: Columns,
  values: z.record(z.string(), z.record(z.string(), z.string())).default({}),
}).refine(
  ({ table, query }) => (table === undefined) !== (query === undefined),
  {
    message: "A step has either a table or a query.",
  },
).transform((step) => ({ ...step, name: step.name ?? step.into }));

/** One table of the old service, and where its columns go. */
export type Step = z.infer<typeof Step>;

const Mapping = z.strictObject({ steps: z.array(Step).min(1) }).refine(
  ({ steps }) => new Set(steps.map(({ name }) => name)).size === steps.length,
  { message: "Two steps have the same name." },
);

/** The file that is used where none is given. */
export const defaultMapping = (kind: Kind): URL =>
  new URL(`mappings/${kind}.toml`, import.meta.url);

/**
 * The steps of a mapping file, in the order in which they run. Throws a sentence that names the place of a mistake.
 */
export function readMapping(text: string): Step[] {
  const read = Mapping.safeParse(parse(text));
  if (!read.success) {
    throw new Error(`The mapping file: ${z.prettifyError(read.error)}`);
  }
  return read.data.steps.toSorted((a, b) => TARGETS.indexOf(a.into) - TARGETS.indexOf(b.into));
}
