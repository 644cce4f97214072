/**
 * The digits of everybody who opted out of the old service, as they were written there. An opt-out without a country
 * code may be read as a number of another country than the contact it belongs to; the last nine digits connect the two.
 */
export interface OptOutDigits {
  add(text: string): boolean;
  has(phone: string): boolean;
}

const compared = 9;

const lastDigits = (text: string): string | null => {
  const digits = text.replace(/\D/g, "");
  return digits.length >= compared ? digits.slice(-compared) : null;
};

/** An empty set. `add` answers false for a text with too few digits to recognize anybody by. */
export function optOutDigits(): OptOutDigits {
  const known = new Set<string>();
  return {
    add(text) {
      const digits = lastDigits(text);
      if (digits !== null) known.add(digits);
      return digits !== null;
    },
    has(phone) {
      const digits = lastDigits(phone);
      return digits !== null && known.has(digits);
    },
  };
}
