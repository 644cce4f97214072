import { parseTimestamp } from "./timestamp.ts";
import { z } from "./zod.ts";

/** Fields that many schemas share. */
export const Id = z.uuid().openapi({ example: "0199aa5c-6f0e-7c1e-9a52-0d5c1f5a3b11" });
export const Timestamp = z.string().openapi({
  description: "ISO 8601, UTC",
  example: "2026-11-21T09:30:00.000Z",
});
export const Money = z.string().openapi({
  description: "A decimal with two places, in the organization's currency",
  example: "1234.50",
});
export const Phone = z.string().openapi({ description: "E.164", example: "+233244123456" });

/** A moment as the database writes it, as the API writes it. */
export function isoTime(value: string): string;
export function isoTime(value: string | null): string | null;
export function isoTime(value: string | null): string | null {
  return value === null ? null : new Date(parseTimestamp(value)).toISOString();
}

/** An amount as JSON carries it from the database, with its two places. */
export function moneyText(value: number | string): string {
  return typeof value === "number" ? value.toFixed(2) : value;
}

/** The filters that a query really names: those left out or empty are gone. */
export function definedOnly(filters: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(filters).filter((entry): entry is [string, string] => Boolean(entry[1])),
  );
}
