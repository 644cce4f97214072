import type postgres from "postgres";
import { readCustom } from "../../supabase/functions/_shared/lead_import/values.ts";
import type { Cells } from "./cells.ts";
import type { ReadableStep } from "./source.ts";

interface Field {
  type: "text" | "number" | "boolean" | "date" | "choice" | "choices";
  choices: string[];
}

/** The organization's own fields of leads, and the old keys that go into each. */
export interface LeadFields {
  begin(
    tx: postgres.Sql,
    source: postgres.Sql,
    step: ReadableStep,
    organizationId: string,
  ): Promise<void>;
  read(cells: Cells, country: string): Record<string, unknown>;
}

/** An old key as the key of a field; null if nothing of it can be one. */
const keyOf = (old: string): string | null =>
  /[a-z][a-z0-9_]*/.exec(
    old.replace(/([a-z])([A-Z])/g, "$1_$2").toLowerCase().replace(
      /[^a-z0-9]+/g,
      "_",
    ),
  )
    ?.[0].slice(0, 50).replace(/_+$/, "") || null;

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const textOf = (value: unknown): string =>
  typeof value === "string"
    ? value.trim()
    : typeof value === "object"
    ? JSON.stringify(value)
    : String(value);

/** The keys of the old JSON column become text fields where the organization has no field of the name. */
export function leadFields(): LeadFields {
  const fields = new Map<string, Field>();
  return {
    async begin(tx, source, step, organizationId) {
      const column = step.column["custom_fields"];
      const keys = column === undefined ? [] : await source.unsafe(
        `select key, count(*) from (${step.from}) q, jsonb_object_keys(case jsonb_typeof(to_jsonb(q."${column}"))
           when 'object' then to_jsonb(q."${column}") else '{}' end) key group by 1 order by 2 desc limit 100`,
      );
      const wanted = [
        ...new Set(
          keys.map(({ key }) => keyOf(String(key))).filter((key) => key !== null),
        ),
      ];
      // What there is no room for (lead_fields_number) is listed lead by lead.
      await tx`
        insert into public.lead_fields (organization_id, key, label, type, position)
        select ${organizationId}, n.key, initcap(replace(n.key, '_', ' ')), 'text', n.last + n.place
        from (
          select w.key, row_number() over (order by w.place) as place, coalesce((select max(f.position)
            from public.lead_fields f where f.organization_id = ${organizationId}), 0) as last
          from unnest(${wanted}::text[]) with ordinality as w (key, place)
          where not exists (select from public.lead_fields f
            where f.organization_id = ${organizationId} and f.key = w.key)) n
        where n.last + n.place <= 100
        on conflict (organization_id, key) do nothing`;
      const rows = await tx<({ key: string } & Field)[]>`
        select key, type, choices from public.lead_fields where organization_id = ${organizationId}`;
      for (const { key, type, choices } of rows) {
        fields.set(key, { type, choices });
      }
    },
    read(cells, country) {
      const old = cells.raw("custom_fields");
      if (!isObject(old)) return {};
      const values: Record<string, unknown> = {};
      for (const [oldKey, oldValue] of Object.entries(old)) {
        const key = keyOf(oldKey);
        const field = key === null ? undefined : fields.get(key);
        const text = oldValue === null ? "" : textOf(oldValue);
        if (text === "") continue;
        if (key === null || field === undefined) {
          cells.note(
            `custom_fields.${oldKey}`,
            "The organization has no such field.",
          );
          continue;
        }
        const read = readCustom(text, {
          key,
          label: key,
          required: false,
          ...field,
        }, country);
        if ("value" in read) values[key] = read.value;
        else cells.note(`custom_fields.${oldKey}`, read.message);
      }
      return values;
    },
  };
}
