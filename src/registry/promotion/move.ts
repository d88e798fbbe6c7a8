/** One move of an alias, as it stands in the history: its form as text, and what its moves come to. */
import { type Static, Type } from "typebox";
import { parseBoundedJson } from "../../base/bounded-json.ts";
import type { DeepReadonly } from "../../base/freeze.ts";
import { literals } from "../../base/schema/literals.ts";
import { matchesSchema } from "../../base/schema/matches-schema.ts";
import type { GateResult } from "./gates.ts";

const Version = Type.String({ pattern: "^[0-9]{1,15}$" });
const Line = Type.String({ maxLength: 4096 });

/** Written before the alias is moved, and never changed. */
const Claim = Type.Object({
  /** Different for each attempt, so that no two processes claim the same move with the same text. */
  id: Line,
  kind: literals(["register", "promote", "rollback"]),
  /** Absent where no version had the alias. */
  from: Type.Optional(Version),
  to: Version,
  /** Milliseconds since 1970. */
  atMs: Type.Number(),
  /** `user@host`, and the name that Git knows the user by. */
  by: Line,
  gitUser: Type.Optional(Line),
  process: Type.Optional(Type.Object({ pid: Type.Number(), space: Line, started: Line })),
  reason: Type.Optional(Line),
  forced: Type.Boolean(),
  /** Gate, verdict, measured value, limit. */
  gates: Type.Array(Type.Array(Type.Union([Type.String(), Type.Number(), Type.Null()]), { maxItems: 4 }), {
    maxItems: 64,
  }),
});
export type Claim = DeepReadonly<Static<typeof Claim>>;

/** Written once the alias was moved, or once it was known that it never would be. */
const Ending = Type.Object({ outcome: literals(["applied", "abandoned"]), atMs: Type.Number(), by: Line });
export type Ending = DeepReadonly<Static<typeof Ending>>;

/** A move that was claimed, and what became of it; `claimed` where that is not known yet. */
export interface AliasMove extends Claim {
  readonly alias: string;
  readonly number: number;
  readonly state: "applied" | "abandoned" | "claimed";
}

/** A move by another program, found where two moves do not join. */
export interface OutsideMove {
  readonly kind: "outside";
  readonly alias: string;
  readonly from?: string;
  /** Absent where the alias was deleted. */
  readonly to?: string;
}

/** MLflow takes at most so many characters for a parameter's value. */
const longestValue = 6000;
const longestReason = 1000;

export function claimKey(alias: string, number: number): string {
  return `move/${alias}/${String(number).padStart(6, "0")}`;
}

export function endingKey(alias: string, number: number): string {
  return `done/${alias}/${String(number).padStart(6, "0")}`;
}

/** What was given as a reason may be long: the details hold all of it. */
export function claimText(claim: Claim): string {
  const cut = (text: string, length: number): string => (text.length > length ? `${text.slice(0, length)}…` : text);
  const { reason, by, gitUser, ...others } = claim;
  const text = JSON.stringify({
    ...others,
    by: cut(by, 300),
    ...(gitUser !== undefined && { gitUser: cut(gitUser, 300) }),
    ...(reason !== undefined && { reason: cut(reason, longestReason) }),
  });
  // Escapes can make six characters of one.
  return text.length <= longestValue ? text : JSON.stringify({ ...others, by: "", gates: [] });
}

export function gateSummary(gates: readonly GateResult[]): Claim["gates"] {
  return gates.map(({ gate, verdict, measured, limit }) => [gate, verdict, measured ?? null, limit ?? null]);
}

/** The moves in a history run's parameters, by alias, in order; what is none is passed over. */
export function movesIn(params: ReadonlyMap<string, string>): ReadonlyMap<string, readonly AliasMove[]> {
  const byAlias = new Map<string, AliasMove[]>();
  for (const [key, text] of params) {
    const [, alias, digits] = /^move\/([^/]+)\/(\d{6,9})$/.exec(key) ?? [];
    const claim = parsed(Claim, text);
    if (alias === undefined || claim === undefined) continue;
    const number = Number(digits);
    const ending = parsed(Ending, params.get(endingKey(alias, number)));
    const move = { ...claim, alias, number, state: ending?.outcome ?? "claimed" } as const;
    byAlias.set(alias, [...(byAlias.get(alias) ?? []), move]);
  }
  for (const moves of byAlias.values()) moves.sort((a, b) => a.number - b.number);
  return byAlias;
}

/** The highest number that is taken, also by what cannot be read as a move; 0 for none. */
export function lastNumber(params: ReadonlyMap<string, string>, alias: string): number {
  const start = `move/${alias}/`;
  let last = 0;
  for (const key of params.keys()) {
    const digits = key.startsWith(start) ? key.slice(start.length) : "";
    if (/^\d{6,9}$/.test(digits)) last = Math.max(last, Number(digits));
  }
  return last;
}

function parsed<S extends typeof Claim | typeof Ending>(schema: S, text: string | undefined): Static<S> | undefined {
  if (text === undefined) return undefined;
  try {
    const value = parseBoundedJson(text);
    return matchesSchema(schema, value) ? (value as Static<S>) : undefined; // matched
  } catch {
    return undefined; // anyone may write parameters
  }
}

/**
 * The moves with those by other programs between them: where a move does not begin at the version
 * that the one before led to, or the alias (`current`, undefined for none) is not where the last led.
 */
export function withOutsideMoves(
  alias: string,
  moves: readonly AliasMove[],
  current: string | undefined,
): readonly (AliasMove | OutsideMove)[] {
  const joined: (AliasMove | OutsideMove)[] = [];
  let at: string | undefined;
  let isFirst = true;
  const meet = (version: string | undefined): void => {
    // What stood before the first move was set before this history began.
    if (version !== at && !(isFirst && version === undefined)) {
      joined.push({
        kind: "outside",
        alias,
        ...(at !== undefined && { from: at }),
        ...(version !== undefined && { to: version }),
      });
    }
    at = version;
  };
  for (const move of moves) {
    if (move.state === "applied") meet(move.from);
    joined.push(move);
    if (move.state === "applied") at = move.to;
    isFirst = false;
  }
  meet(current);
  return joined;
}

/**
 * The version that a rollback leads to: the one before the present one, where a rollback takes back
 * what it left, so that two rollbacks go two versions back. Undefined where there is none.
 */
export function versionBefore(
  moves: readonly (AliasMove | OutsideMove)[],
  isThere: (version: string) => boolean,
): string | undefined {
  const line: string[] = [];
  for (const move of moves) {
    if (move.kind !== "outside" && move.state !== "applied") continue;
    const { to } = move;
    if (to === undefined) continue;
    const back = move.kind === "rollback" ? line.lastIndexOf(to) : -1;
    if (back >= 0) line.length = back + 1;
    else if (line.at(-1) !== to) line.push(to);
  }
  const present = line.pop();
  return line.findLast((version) => version !== present && isThere(version));
}
