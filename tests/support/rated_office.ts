import { type Campaigning, newCampaigning } from "./campaigns.ts";
import { withDatabase } from "./db.ts";

/** Rates a second and a minute; null for none. */
export interface Rates {
  /** A second, of each number. */
  numbers: (number | null)[];
  organization: number | null;
  perMinute: number | null;
}

/** An organization whose numbers, and which itself, have these rates; all its numbers. */
export async function officeWith(
  rates: Rates,
): Promise<{ office: Campaigning; numbers: { id: string; sender: string }[] }> {
  const office = await newCampaigning({
    marketing_consent: "not_required",
    messages_per_second: rates.organization,
    // A text lost on a loaded machine goes out again, instead of waiting for a person.
    unknown_outcome_marketing: "resend",
  });
  const numbers = await withDatabase(async (sql) => {
    const made = [{ id: office.account, sender: office.number }];
    for (let one = 1; one < rates.numbers.length; one++) {
      const last = String((Number(office.number.slice(-2)) + one) % 100).padStart(2, "0");
      const sender = office.number.slice(0, -2) + last;
      const [row] = await sql<
        { id: string }[]
      >`insert into public.sms_accounts (organization_id, provider, sender_id)
        values (${office.id}, 'twilio', ${sender}) returning id`;
      made.push({ id: row?.id ?? "", sender });
    }
    for (const [index, { id }] of made.entries()) {
      await sql`update public.sms_accounts set per_second = ${
        rates.numbers[index] ?? null
      } where id = ${id}`;
    }
    return made;
  });
  return { office, numbers };
}
