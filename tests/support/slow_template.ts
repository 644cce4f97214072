/* Templates read character by character: what one may look like, and what becomes of it. Written without the product's. */

type Piece = { text: string } | { name: string; fallback: string | null };

/** A marketing text in pieces, or null where its braces are wrong. */
export function slowPieces(body: string): Piece[] | null {
  const pieces: Piece[] = [];
  let text = "";
  let at = 0;
  while (at < body.length) {
    const two = body.slice(at, at + 2);
    if (two === "}}") return null;
    if (two !== "{{") {
      text += body[at];
      at++;
      continue;
    }
    let inside = "";
    at += 2;
    while (at < body.length && body[at] !== "{" && body[at] !== "}") inside += body[at++];
    // Exactly two braces close it: a third belongs to nothing.
    if (body.slice(at, at + 2) !== "}}" || body[at + 2] === "}") return null;
    at += 2;
    const bar = inside.indexOf("|");
    pieces.push({ text }, {
      name: (bar < 0 ? inside : inside.slice(0, bar)).trim(),
      fallback: bar < 0 ? null : inside.slice(bar + 1).trim(),
    });
    text = "";
  }
  return [...pieces, { text }];
}

/** The text that somebody gets; null where something is missing. */
export function slowFill(pieces: Piece[], values: Record<string, string>): string | null {
  let filled = "";
  for (const piece of pieces) {
    if ("text" in piece) {
      filled += piece.text;
      continue;
    }
    const value = values[piece.name];
    const given = value === undefined || value.trim() === "" ? piece.fallback : value;
    if (given === null) return null;
    filled += given;
  }
  return filled;
}
