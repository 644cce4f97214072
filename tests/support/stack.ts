import { join } from "node:path";
import process from "node:process";
import type { Status } from "../../local/status_file.ts";

/** The stack under test: `tests/run.ts` starts it and names its folder in SIGNALBOX_DATA. */
export function stackUnderTest(): Status {
  return status ??= readStatus();
}

let status: Status | undefined;

function readStatus(): Status {
  const folder = process.env["SIGNALBOX_DATA"];
  if (!folder) {
    throw new Error("SIGNALBOX_DATA names no stack: run these tests with `deno task test`.");
  }
  return JSON.parse(Deno.readTextFileSync(join(folder, "status.json")));
}

/** The folder in which the stack under test keeps everything. */
export const stackFolder = (): string => process.env["SIGNALBOX_DATA"] ?? "";

/** The address of a function's endpoint, such as `/customers`. */
export const functionUrl = (path: string): string =>
  `${stackUnderTest().api_url}/functions/v1${path}`;
