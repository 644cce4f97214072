import type { Entity } from "../entity.ts";
import { derivedId } from "../legacy_id.ts";

/** What people agreed to in the old service. A revocation that is later, or a suppression, outweighs it. */
export const consents: Entity = {
  required: ["phone"],
  table: "consents",
  read(cells, context, step) {
    const phone = cells.phone(
      "phone",
      cells.country("country") ?? context.place.country,
    );
    if (phone === null) {
      cells.leaveOut("phone", "Consent belongs to a number.");
      return null;
    }
    const at = cells.time("at");
    if (at === null) {
      cells.leaveOut("at", "Consent without a time proves nothing.");
      return null;
    }
    return {
      id: derivedId(at, context.place.origin, step.name, cells.oldId),
      organization_id: context.organizationId,
      event: "granted",
      phone,
      channel: "sms",
      scope: "marketing",
      source: cells.text("source", 200) ?? `import from ${context.kind}`,
      disclosure: cells.text("disclosure", 10_000),
      act: cells.text("act", 500),
      ip: cells.text("ip", 100),
      user_agent: cells.text("user_agent", 500),
      occurred_at: at,
      outdated: false,
      created_at: context.now,
    };
  },
};
