/** Lite prints every refused request with its stack to the console. The answer has all of it. */
export function quietLite(): void {
  const silence = () => {};
  Object.assign(globalThis.console, { error: silence, warn: silence });
}
