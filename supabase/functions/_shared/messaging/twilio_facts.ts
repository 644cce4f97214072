import type { ProviderFacts } from "./provider.ts";
import { storable, textOf } from "./provider_http.ts";

/** Fields of callbacks and inbound messages that we read, or that repeat such a field. */
const KNOWN = new Set([
  "AccountSid",
  "ApiVersion",
  "Body",
  "ErrorCode",
  "ErrorMessage",
  "From",
  "MessageSid",
  "MessageStatus",
  "NumMedia",
  "NumSegments",
  "OptOutType",
  "Price",
  "PriceUnit",
  "RawDlrDoneDate",
  "SmsMessageSid",
  "SmsSid",
  "SmsStatus",
  "To",
  // Our own, or the signature's, in the query.
  "bodySHA256",
  "token",
]);

const MAX_FIELDS = 50;
const MAX_LENGTH = 1000;

/** The facts in a request. Twilio adds fields without notice: unknown ones are kept as sent, within bounds. */
export function callbackFacts(params: Record<string, unknown>): ProviderFacts | null {
  const unknown = Object.keys(params)
    .filter((key) => !KNOWN.has(key) && !/^MediaUrl\d+$/.test(key) && key.length <= 100)
    .map((key) => [clean(key), clean(textOf(params, key) ?? "")] as const)
    .filter(([, value]) => value !== "")
    .slice(0, MAX_FIELDS);
  return facts({
    price: textOf(params, "Price"),
    currency: textOf(params, "PriceUnit"),
    segments: textOf(params, "NumSegments"),
    ...(unknown.length === 0 ? {} : { reported: Object.fromEntries(unknown) }),
  });
}

/** The facts of a Message resource. */
export function resourceFacts(resource: Record<string, unknown>): ProviderFacts | null {
  return facts({
    price: textOf(resource, "price"),
    currency: textOf(resource, "price_unit"),
    segments: textOf(resource, "num_segments"),
  });
}

// Cutting may split a surrogate pair.
const clean = (text: string) => storable(text.slice(0, MAX_LENGTH));

interface Raw {
  price: string | null;
  currency: string | null;
  segments: string | null;
  reported?: Record<string, string>;
}

function facts({ price, currency, segments, reported }: Raw): ProviderFacts | null {
  const found: ProviderFacts = {
    ...(/^-?\d{1,6}(?:\.\d{1,10})?$/.test(price ?? "") && price !== null ? { price } : {}),
    ...(/^[A-Za-z]{3}$/.test(currency ?? "") && currency !== null
      ? { currency: currency.toUpperCase() }
      : {}),
    // "0" means that a messaging service has not counted yet.
    ...(/^[1-9]\d?$/.test(segments ?? "") ? { segments: Number(segments) } : {}),
    ...(reported === undefined ? {} : { reported }),
  };
  // A currency without a price is useless.
  if (found.price === undefined) delete found.currency;
  return Object.keys(found).length === 0 ? null : found;
}
