import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { Id } from "../_shared/fields.ts";
import { countSegments, ucs2Characters } from "../_shared/messaging/segments.ts";
import { maxTextUnits } from "../_shared/messaging/text.ts";
import { problems, unwrap } from "../_shared/problem.ts";
import { guarded, IdParam, json, jsonBody, permitted } from "../_shared/route.ts";

const Values = z.record(z.string().max(60), z.string().max(500));

const Recipient = z.strictObject({
  lead_id: Id.optional().openapi({ description: "The lead whose data is filled in" }),
  variables: Values.default({}).openapi({
    description: "Values by variable; they come before the lead's",
    example: { first_name: "Ama" },
  }),
}).openapi("RenderInput");

const Warning = z.object({
  code: z.enum(["several_segments", "too_long", "ucs2", "unfilled_placeholder", "one_way_sender"]),
  message: z.string().openapi({ example: "2 segments are sent and paid for." }),
  characters: z.array(z.string()).optional(),
});

const Rendering = z.object({
  variant_id: Id,
  label: z.string().nullable().openapi({ description: "null: the template's own body" }),
  weight: z.int(),
  body: z.string().nullable().openapi({ description: "null: a variable has no value" }),
  missing: z.array(z.string()).openapi({ description: "Variables without value and fallback" }),
  segments: z.int().nullable(),
  encoding: z.enum(["GSM-7", "UCS-2"]).nullable(),
  warnings: z.array(Warning),
}).openapi("Rendering");

const Renderings = z.object({ renderings: z.array(Rendering) }).openapi("Renderings");

const Rendered = z.object({
  renderings: z.array(Rendering.omit({ segments: true, encoding: true })),
});

const route = createRoute({
  method: "post",
  path: "/{id}/render",
  operationId: "renderTemplate",
  tags: ["templates"],
  summary: "Each variant as a recipient would get it",
  description:
    "With the data of a lead, with given values, or both. Nothing is sent. Campaigns exclude a lead that " +
    "has no value for a variable without fallback.",
  ...permitted("templates:read"),
  request: { params: IdParam, body: jsonBody(Recipient) },
  responses: {
    200: json(Renderings, "The variants, rendered"),
    ...guarded,
    ...problems(400, 404, 422),
  },
});

/** The segments and encoding of a rendered body, with warnings. */
function measured(
  body: string | null,
): Pick<z.infer<typeof Rendering>, "segments" | "encoding" | "warnings"> {
  if (body === null) return { segments: null, encoding: null, warnings: [] };
  const { segments, encoding } = countSegments(body);
  const warnings: z.infer<typeof Warning>[] = [];
  if (encoding === "UCS-2") {
    const characters = ucs2Characters(body);
    const message = `${characters.join(" ")} ${
      characters.length === 1 ? "is" : "are"
    } not in the GSM alphabet: a segment holds 70 characters instead of 160.`;
    warnings.push({ code: "ucs2", message, characters });
  }
  if (segments > 1) {
    warnings.push({
      code: "several_segments",
      message: `${segments} segments are sent and paid for.`,
    });
  }
  if (body.length > maxTextUnits) {
    const message =
      "Campaigns exclude recipients whose message has more than 1,600 characters; emoji count as two.";
    warnings.push({ code: "too_long", message });
  }
  return { segments, encoding, warnings };
}

export function renderTemplate(app: App) {
  app.openapi(route, async (c) => {
    const { lead_id, variables } = c.req.valid("json");
    const answer = await c.var.db.rpc("render_template", {
      organization_id: c.var.actor.organizationId,
      template_id: c.req.valid("param").id,
      ...(lead_id && { lead_id }),
      variables,
    });
    const { renderings } = Rendered.parse(unwrap(answer, "template"));
    return c.json({
      renderings: renderings.map((rendering) => {
        const { warnings, ...measures } = measured(rendering.body);
        return { ...rendering, ...measures, warnings: [...rendering.warnings, ...warnings] };
      }),
    }, 200);
  });
}
