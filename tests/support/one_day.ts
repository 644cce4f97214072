const today = (zones: string[]): string =>
  zones.map((zone) => new Date().toLocaleDateString("sv", { timeZone: zone })).join();

/**
 * Does some work that must not see midnight pass in any of these zones, and does it anew where it has passed meanwhile.
 * What the work does it must be able to do again, on rows of its own.
 */
export async function withinOneDay<T>(zones: string[], work: () => Promise<T>): Promise<T> {
  for (;;) {
    const before = today(zones);
    const [outcome] = await Promise.allSettled([work()]);
    if (today(zones) !== before) continue;
    if (outcome.status === "rejected") throw outcome.reason;
    return outcome.value;
  }
}
