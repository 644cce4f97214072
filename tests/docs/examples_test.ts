import assert from "node:assert/strict";
import Ajv, { type ErrorObject } from "ajv/dist/2020.js";
import { writtenDocument } from "../support/document.ts";

interface Example {
  status: number;
  request: unknown;
  response: unknown;
}

const readExamples = async (): Promise<Record<string, Example>> =>
  JSON.parse(
    await Deno.readTextFile(new URL("../../docs/api_examples.json", import.meta.url)),
  );

/** A path or part of one as a reference within a JSON document has it. */
const pointer = (text: string): string =>
  encodeURIComponent(text.replaceAll("~", "~0").replaceAll("/", "~1"));

/** Secrets are shown as `…`, which is not what a secret looks like. */
const isAboutSecret = ({ data }: ErrorObject): boolean =>
  JSON.stringify(data ?? null).includes("…");

Deno.test("Every example is what its operation takes and answers today", async () => {
  const document = await writtenDocument();
  const ajv = new Ajv.default({
    strict: false,
    allErrors: true,
    verbose: true,
    validateFormats: false,
  });
  ajv.addSchema({ $id: "document", ...document });
  /** What is wrong with a value, by the schema of a body of an operation. */
  const faults = (operation: string, body: string, value: unknown): string[] => {
    const [method = "", path = ""] = operation.split(" ");
    const place = `#/paths/${pointer(path)}/${method.toLowerCase()}/${body}/content/${
      pointer("application/json")
    }/schema`;
    const validate = ajv.compile({ $ref: `document${place}` });
    if (validate(value)) return [];
    return (validate.errors ?? []).filter((error) => !isAboutSecret(error))
      .map(({ instancePath, message }) => `${operation}, ${body}: ${instancePath} ${message}`);
  };
  const found: string[] = [];
  for (const [operation, { status, request, response }] of Object.entries(await readExamples())) {
    const [method = "", path = ""] = operation.split(" ");
    const described = document.paths[path]?.[method.toLowerCase()];
    const answer = described?.responses[status];
    if (!answer) found.push(`${operation}: ${status} is not documented`);
    if (answer?.content?.["application/json"] && response !== null) {
      found.push(...faults(operation, `responses/${status}`, response));
    }
    if (described?.requestBody?.content["application/json"] && request !== null) {
      found.push(...faults(operation, "requestBody", request));
    }
  }
  assert.deepEqual(found, [], "record them again: see tools/api_examples.ts");
});
