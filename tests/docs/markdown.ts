import { join } from "node:path";

/** A fenced block of a page: its language, its text and the line on which it begins, from 1. */
export interface Block {
  language: string;
  text: string;
  line: number;
}

const FENCE = /^([ \t]*)```([^\n`]*)\n([\s\S]*?)^\1```[ \t]*$/gm;

/** The fenced blocks of a Markdown text, in their order. */
export function blocksOf(markdown: string): Block[] {
  return [...markdown.matchAll(FENCE)].map((match) => ({
    language: (match[2] ?? "").trim(),
    text: match[3] ?? "",
    line: markdown.slice(0, match.index).split("\n").length,
  }));
}

/** What stands in `code` outside of fenced blocks, on one line each. */
export function codeSpansOf(markdown: string): string[] {
  return [...markdown.replace(FENCE, "").matchAll(/`([^`]+)`/g)]
    .map(([, code]) => (code ?? "").replace(/\s+/g, " ").trim());
}

/** The targets of a text's links, without those that lead out of the repository. */
export function linksOf(markdown: string): string[] {
  return [...markdown.replace(FENCE, "").matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target]) => target ?? "").filter((target) => !/^[a-z]+:/.test(target));
}

/** The anchors that GitHub gives the headings of a text. */
export function anchorsOf(markdown: string): string[] {
  return [...markdown.replace(FENCE, "").matchAll(/^#+ +(.+)$/gm)].map(([, heading]) =>
    (heading ?? "").toLowerCase().replace(/[^\p{L}\p{N} _-]/gu, "").trim().replaceAll(" ", "-")
  );
}

/** The paths of all files below a folder, relative to the root, without what is installed or generated. */
export function filesBelow(root: string, folder = "."): string[] {
  const skipped = /^(node_modules|\.git|\.local|\.run-.*|site)$/;
  return [...Deno.readDirSync(join(root, folder))].flatMap((entry) => {
    const path = folder === "." ? entry.name : `${folder}/${entry.name}`;
    if (skipped.test(entry.name)) return [];
    return entry.isDirectory ? filesBelow(root, path) : [path];
  });
}
