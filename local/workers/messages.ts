/** What a part of the stack is told. */
export type ToPart<Options> = { kind: "start"; options: Options } | { kind: "stop" };

/** What a part answers. */
export type FromPart<Ready> =
  | { kind: "ready"; ready: Ready }
  | { kind: "stopped" }
  | { kind: "failed"; message: string };
