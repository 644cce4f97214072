import assert from "node:assert/strict";
import axe from "axe-core";
import type { Page } from "playwright-core";

/** Where screenshots go, if somebody wants to look at them. */
const screenshots = Deno.env.get("SCREENSHOTS");

interface Violation {
  id: string;
  help: string;
  nodes: { target: unknown[]; failureSummary?: string }[];
}

/**
 * Fails if axe-core finds something in the page as it is, light or dark: WCAG 2.2 A and AA and its best practices. What is in
 * frames is not looked at. `name` names the screenshots.
 */
export async function assertAccessible(page: Page, name: string): Promise<void> {
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    if (screenshots) await page.screenshot({ path: `${screenshots}/${name}-${colorScheme}.png` });
    await page.evaluate(axe.source);
    const violations = await page.evaluate(async () => {
      const { axe } = globalThis as unknown as {
        axe: { run(options: unknown): Promise<{ violations: Violation[] }> };
      };
      return (await axe.run({
        iframes: false,
        runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
      })).violations;
    });
    const found = violations.flatMap(({ id, help, nodes }) =>
      nodes.map(({ target, failureSummary }) =>
        `${id}: ${help}: ${target.join(" ")}: ${failureSummary}`
      )
    );
    assert.deepEqual(found, [], `${name}, ${colorScheme}`);
  }
  await page.emulateMedia({ colorScheme: null });
}
