import { describe, expect, it } from "vitest";
import {
  type AliasMove,
  type Claim,
  claimKey,
  claimText,
  endingKey,
  lastNumber,
  movesIn,
  versionBefore,
  withOutsideMoves,
} from "./move.ts";

const claim: Claim = { id: "1", kind: "promote", to: "7", atMs: 5, by: "anna@host", forced: false, gates: [] };
const applied = JSON.stringify({ outcome: "applied", atMs: 6, by: "anna@host" });

function move(number: number, from: string | undefined, to: string, given: Partial<AliasMove> = {}): AliasMove {
  return { ...claim, ...(from !== undefined && { from }), to, alias: "champion", number, state: "applied", ...given };
}

describe("moves in a history", () => {
  it("are read in order, with what became of them", () => {
    const params = new Map([
      [claimKey("champion", 2), claimText({ ...claim, to: "8" })],
      [claimKey("champion", 1), claimText(claim)],
      [endingKey("champion", 1), applied],
      [claimKey("challenger", 1), claimText({ ...claim, to: "9" })],
    ]);
    const moves = movesIn(params);
    expect(moves.get("champion")?.map(({ number, to, state }) => [number, to, state])).toEqual([
      [1, "7", "applied"],
      [2, "8", "claimed"],
    ]);
    expect(moves.get("challenger")).toHaveLength(1);
    expect(lastNumber(params, "champion")).toBe(2);
  });

  it("pass over what anyone else wrote, but never reuse its number", () => {
    const params = new Map([
      ["move/champion/000001", "no JSON"],
      ["move/champion/000002", '{"id":1}'],
      ["move/champion/000003", `{"a":${"[".repeat(100_000)}`],
      ["move/champion/x", claimText(claim)],
      ["move/champion/4", claimText(claim)],
      ["move/__proto__/000001", claimText(claim)],
      ["learning_rate", "0.1"],
    ]);
    expect([...movesIn(params).keys()]).toEqual(["__proto__"]);
    expect(lastNumber(params, "champion")).toBe(3);
    expect(lastNumber(params, "nothing")).toBe(0);
  });

  it("fit into a parameter, whatever the reason", () => {
    for (const reason of ["x".repeat(100_000), "\u0001".repeat(100_000), "€".repeat(100_000)]) {
      const text = claimText({ ...claim, reason, by: reason, gitUser: reason });
      expect(text.length).toBeLessThanOrEqual(6000);
      expect(movesIn(new Map([[claimKey("champion", 1), text]])).get("champion")).toHaveLength(1);
    }
  });
});

describe("moves by other programs", () => {
  it("show where two moves do not join, and where the alias is elsewhere", () => {
    const moves = [move(1, undefined, "1"), move(2, "3", "4")];
    expect(withOutsideMoves("champion", moves, "5").map(({ kind, from, to }) => [kind, from, to])).toEqual([
      ["promote", undefined, "1"],
      ["outside", "1", "3"],
      ["promote", "3", "4"],
      ["outside", "4", "5"],
    ]);
  });

  it("show an alias that was set before there was a history, and one that was deleted", () => {
    expect(withOutsideMoves("champion", [], "2")).toEqual([{ kind: "outside", alias: "champion", to: "2" }]);
    expect(withOutsideMoves("champion", [], undefined)).toEqual([]);
    expect(withOutsideMoves("champion", [move(1, "2", "3")], undefined).map(({ kind, to }) => [kind, to])).toEqual([
      ["outside", "2"],
      ["promote", "3"],
      ["outside", undefined],
    ]);
  });

  it("are none after a move that was never applied", () => {
    const moves = [move(1, undefined, "1"), move(2, "1", "2", { state: "abandoned" }), move(3, "1", "3")];
    expect(withOutsideMoves("champion", moves, "3").map(({ kind }) => kind)).toEqual(["promote", "promote", "promote"]);
  });
});

describe("the version before", () => {
  const all = () => true;
  const line = [move(1, undefined, "1"), move(2, "1", "2"), move(3, "2", "3")];
  const back = (number: number, from: string, to: string) => move(number, from, to, { kind: "rollback" });

  it("is one further back after each rollback", () => {
    expect(versionBefore(line, all)).toBe("2");
    expect(versionBefore([...line, back(4, "3", "2")], all)).toBe("1");
    expect(versionBefore([...line, back(4, "3", "2"), back(5, "2", "1")], all)).toBeUndefined();
    expect(versionBefore([...line, back(4, "3", "2"), move(5, "2", "4")], all)).toBe("2");
  });

  it("is never the present one, nor one that is gone, nor one that was not applied", () => {
    expect(versionBefore([...line, move(4, "3", "2"), move(5, "2", "3")], all)).toBe("2");
    expect(versionBefore(line, (version) => version !== "2")).toBe("1");
    expect(versionBefore([...line, move(4, "3", "9", { state: "abandoned" })], all)).toBe("2");
    expect(versionBefore([], all)).toBeUndefined();
    expect(versionBefore([move(1, undefined, "1")], all)).toBeUndefined();
  });

  it("counts versions that others promoted", () => {
    expect(versionBefore(withOutsideMoves("champion", [move(1, "4", "5")], "6"), all)).toBe("5");
    expect(versionBefore(withOutsideMoves("champion", [move(1, "4", "5")], "5"), all)).toBe("4");
  });
});
