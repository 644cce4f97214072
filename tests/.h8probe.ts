import postgres from "postgres";
const s = JSON.parse(Deno.readTextFileSync("/tmp/h8/status.json"));
async function run(name: string, change: (d: string) => string) {
const sql = postgres(s.db_url, { max: 1, onnotice: (n) => console.log(n.message?.slice(0, 6500)) });
const [m] = await sql`select m.user_id, m.organization_id from public.memberships m join public.roles r on r.id=m.role_id where r.key='operator' order by m.id desc limit 1`;
const ids = await sql`insert into public.customers (organization_id, name, account_number, phone, currency)
      select ${m.organization_id}, 'Many ' || n, 'Z-' || n, '+23324' || (1000000 + n), 'GHS' from generate_series(1, 10000) n returning id`;
await sql`begin`;
const def = (await sql`select pg_get_functiondef('private.audit()'::regprocedure) d`)[0].d as string;
if (change(def) !== def) await sql.unsafe(change(def));
for (let n = 0; n < 12; n++) await sql`update public.customers set name = name || 'x' where id = ${ids[n].id}`;
let t = performance.now();
await sql`update public.customers set status = 'warned' where organization_id = ${m.organization_id}`;
console.log(name, change(def) !== def, Math.round(performance.now() - t));
await sql`rollback`;
await sql`delete from public.customers where organization_id=${m.organization_id}`;
await sql.end();
}
const nl = (d: string) => d.replace("SET search_path TO ''", "SET search_path TO '' SET enable_nestloop TO 'off'");
const o = (d: string) => d.replace("to_jsonb(o) as data from old_rows o) b", "to_jsonb(o) as data from old_rows o offset 0) b").replace("to_jsonb(n) as data from new_rows n) a using (id)", "to_jsonb(n) as data from new_rows n offset 0) a using (id) offset 0");
await run("as it is", (d) => d);
await run("nestloop off", nl);
await run("nestloop off, offset 0", (d) => o(nl(d)));
