/**
 * The phone number of a recipient by its place in a list: Ghanaian, each one different, and never one of those by which
 * the simulated carrier does something special (0001, 0050, …: the last four digits are 1000 to 9999).
 */
export function phoneOf(index: number): string {
  const block = 10 + Math.floor(index / 9_000);
  return `+233244${block}${1_000 + index % 9_000}`;
}
