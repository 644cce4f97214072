import { z } from "zod";
import { cleanText } from "../../../supabase/functions/_shared/clean_text.ts";
import { normalizePhone } from "../../../supabase/functions/_shared/phone.ts";
import type { Cells } from "../cells.ts";
import { cut, isLonger } from "../text.ts";

/** A person at a client, as it is inserted. */
export interface Contact {
  name: string;
  role: string | null;
  email: string | null;
  phone: string | null;
  is_primary: boolean;
}

/** The keys under which the old service's JSON has each part of a contact. */
const KEYS = {
  name: ["name", "full_name", "fullName", "contact_name"],
  role: ["role", "title", "position"],
  email: ["email", "mail", "e-mail"],
  phone: ["phone", "phone_number", "phoneNumber", "mobile", "mobile_number", "tel"],
};
const LONGEST = { name: 200, role: 100 };
const Email = z.email();

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** JSON in a column of text is read as what it says. */
function parsed(value: unknown): unknown {
  if (typeof value !== "string" || !/^\s*[[{]/.test(value)) return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

/** A contact that is only a text is its address, its number or its name. */
function partsOf(contact: unknown): Record<string, unknown> | null {
  if (isObject(contact)) return contact;
  if (typeof contact !== "string" && typeof contact !== "number") return null;
  const text = cleanText(String(contact));
  if (text.includes("@")) return { email: text };
  if (/^[+\d(][\d\s().\-/]{5,}$/.test(text)) return { phone: text };
  return /\p{L}/u.test(text) ? { name: text } : null;
}

/** One contact; null if it says nothing. What cannot be read of it is listed. */
function contactOf(contact: unknown, at: string, cells: Cells, country: string): Contact | null {
  const parts = partsOf(contact);
  if (parts === null) return null;
  const valueOf = (part: keyof typeof KEYS): string | null => {
    const found = KEYS[part].map((key) => parts[key] ?? null)
      .find((value) => value !== null && cleanText(String(value)) !== "") ?? null;
    if (found === null) return null;
    if (typeof found === "object") {
      cells.noteValue(`${at}.${part}`, found, "This is not one value.");
      return null;
    }
    return cleanText(String(found));
  };
  const textOf = (part: "name" | "role"): string | null => {
    const value = valueOf(part);
    if (value === null || !isLonger(value, LONGEST[part])) return value;
    cells.noteValue(
      `${at}.${part}`,
      value,
      `This is longer than ${LONGEST[part]} characters and was cut.`,
    );
    return cut(value, LONGEST[part]);
  };
  const [written, number] = [valueOf("email")?.toLowerCase() ?? null, valueOf("phone")];
  const email = written !== null && written.length <= 254 && Email.safeParse(written).success
    ? written
    : null;
  if (written !== null && email === null) {
    cells.noteValue(`${at}.email`, written, "This is not an e-mail address.");
  }
  const read = number === null ? null : normalizePhone(number, country);
  if (read !== null && !read.ok) cells.noteValue(`${at}.phone`, number, read.message);
  const phone = read?.ok ? read.phone : null;
  const role = textOf("role");
  const name = textOf("name");
  if (name === null && (email ?? phone) !== null) {
    cells.noteValue(
      `${at}.name`,
      contact,
      "The contact has no name: its address or number stands for it.",
    );
  }
  const shownName = name ?? (email === null ? phone : cut(email, LONGEST.name));
  return shownName === null ? null : { name: shownName, role, email, phone, is_primary: false };
}

/** The people of a client: a list, or one. The first that can be read is the primary one. */
export function contactsOf(cells: Cells, country: string): Contact[] {
  const value = parsed(cells.raw("contacts"));
  if (value === null || (isObject(value) && Object.keys(value).length === 0)) return [];
  const contacts: Contact[] = [];
  for (const [index, entry] of (Array.isArray(value) ? value : [value]).entries()) {
    const at = Array.isArray(value) ? `contacts[${index}]` : "contacts";
    const contact = contactOf(entry, at, cells, country);
    if (contact === null) {
      cells.noteValue(at, entry, "This contact has no name, address or number.");
    } else contacts.push({ ...contact, is_primary: contacts.length === 0 });
  }
  return contacts;
}
