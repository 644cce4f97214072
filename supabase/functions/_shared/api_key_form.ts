const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** The form of API keys, also for secret scanners: prefix, 43 base-62 characters, 6 of their checksum. */
const form = /^sgb_live_([0-9A-Za-z]{43})([0-9A-Za-z]{6})$/;

/** CRC-32 (IEEE 802.3) of ASCII text. */
function crc32(text: string): number {
  let crc = 0xffffffff;
  for (let i = 0; i < text.length; i++) {
    crc ^= text.charCodeAt(i);
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return (crc ^ 0xffffffff) >>> 0;
}

function base62(value: number): string {
  let text = "";
  for (let rest = value, i = 0; i < 6; i++, rest = Math.floor(rest / 62)) {
    text = (digits[rest % 62] ?? "") + text;
  }
  return text;
}

/** Whether something is meant to be an API key, however wrong. */
export const looksLikeApiKey = (credential: string): boolean => credential.startsWith("sgb_");

/** A text in which nobody can read an API key, however wrong: people put keys where ids belong, and paths are logged. */
export const withoutApiKeys = (text: string, instead = "sgb_***"): string =>
  text.replace(/sgb_[A-Za-z]+_[0-9A-Za-z]+/g, instead);

/** Whether an API key is well-formed, so that a look-up is worth it (see `private.api_key_of`). */
export function isApiKey(credential: string): boolean {
  const [, secret, checksum] = form.exec(credential) ?? [];
  return secret !== undefined && base62(crc32(secret)) === checksum;
}
