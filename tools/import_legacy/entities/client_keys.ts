import type postgres from "postgres";

/** Rows that others refer to by a key, made where the organization has none of the key. */
export async function ensureKeys(
  tx: postgres.TransactionSql,
  table: "client_segments" | "incident_types",
  labels: Map<string, string>,
  organizationId: string,
): Promise<void> {
  const rows = [...labels].map(([key, label]) => ({ key, label }));
  await tx`
    insert into ${tx(`public.${table}`)} (organization_id, key, label, position)
    select ${organizationId}, r.key, r.label, coalesce((select max(t.position) from ${
    tx(`public.${table}`)
  } t where t.organization_id = ${organizationId}), 0) + row_number() over (order by r.key)
    from jsonb_to_recordset((${JSON.stringify(rows)}::text)::jsonb) as r (key text, label text)
    on conflict (organization_id, key) do nothing`;
}
