import { z } from "../_shared/zod.ts";
import { Id, isoTime, Timestamp } from "../_shared/fields.ts";
import { TextBody } from "../_shared/messaging/text.ts";
import { isPlain, plainMessage } from "../_shared/plain_text.ts";

const Weight = z.int().min(0).max(1000);
const Category = z.enum(["service", "marketing"]);
export const Kind = z.enum(["warning", "disconnection", "connection", "custom"]);

const VariantInput = z.object({
  label: z.string().trim().min(1).max(50).refine(isPlain, plainMessage).openapi({
    example: "Short",
  }),
  body: TextBody.openapi({
    example: "Hi {{first_name|there}}, doors open Friday. Reply STOP to end.",
  }),
  weight: Weight.default(1),
}).openapi("TemplateVariantInput");

const Variant = z.object({
  id: Id,
  label: z.string(),
  body: z.string(),
  weight: z.int(),
}).openapi("TemplateVariant");

export const Template = z.object({
  id: Id,
  kind: Kind,
  category: Category,
  name: z.string().openapi({ example: "Open day" }),
  body: z.string(),
  weight: z.int().openapi({ description: "Weight of the body beside those of the variants" }),
  variants: z.array(Variant),
  created_at: Timestamp,
  updated_at: Timestamp,
}).openapi("Template");

const fields = {
  name: z.string().trim().min(1).max(100).refine(isPlain, plainMessage).openapi({
    example: "Open day",
  }),
  body: TextBody.openapi({
    description:
      "Marketing: {{first_name|there}}, last_name, full_name, name, email, phone, source, region, country, " +
      "organization and {{custom.key}}, each with or without a fallback after the bar; it must say how to opt out. " +
      "Service: name, account_number, arrears, organization. Public link shorteners are refused",
    example: "Dear {{name}}, our office is closed on Friday. {{organization}}",
  }),
};
const variants = z.array(VariantInput).max(20);

export const TemplateInput = z.object({
  ...fields,
  category: Category.default("service"),
  weight: Weight.default(1),
  variants: variants.default([]),
}).openapi("TemplateInput");

export const TemplateChange = z.object({
  ...fields,
  category: Category,
  weight: Weight,
  variants: variants.openapi({
    description:
      "All variants: missing ones are removed; one whose label stays keeps its id and results",
  }),
}).partial().openapi("TemplateChange");

export const TemplateFilters = z.object({
  category: Category.optional(),
  kind: Kind.optional(),
  search: z.string().trim().max(100).optional().openapi({ description: "Part of the name" }),
});

/** A template as the API shows it, from what the database answers. */
export function toTemplate(row: unknown): z.infer<typeof Template> {
  const template = Template.parse(row);
  return {
    ...template,
    created_at: isoTime(template.created_at),
    updated_at: isoTime(template.updated_at),
  };
}
