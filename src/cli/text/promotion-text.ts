/** Gates, promotions and histories as people read them in a terminal. */
import type { GateResult } from "../../registry/promotion/gates.ts";
import type { AliasMove, OutsideMove } from "../../registry/promotion/move.ts";
import type { Promotion } from "../../registry/promotion/promote.ts";
import type { AliasHistory, ModelHistory } from "../../registry/promotion/read-history.ts";
import { alignRows, type Style, table } from "../frame/console.ts";
import { shownName } from "../paths.ts";

export function gatesText(gates: readonly GateResult[], style: Style): string {
  const shown = { pass: style.green("pass"), fail: style.red("fail"), skip: style.dim("skip") };
  return alignRows(gates.map(({ gate, verdict, reason }) => [shown[verdict], gate, reason]));
}

export function promotionText(promotion: Promotion, style: Style): string {
  const { gates } = promotion;
  const head = gates.length === 0 ? [] : [gatesText(gates, style), ""];
  return [...head, outcomeText(promotion, style)].join("\n");
}

function outcomeText({ name, alias, version, from, outcome, forced }: Promotion, style: Style): string {
  const [model, place] = [style.bold(`${shownName(name)} ${version}`), shownName(alias)];
  const before = from === undefined ? "" : `, in the place of version ${from}`;
  switch (outcome) {
    case "promoted":
      return `${model} is now ${place}${before}${forced ? "; forced, although gates failed" : ""}`;
    case "rolled back":
      return `${place} is ${model} again${before}`;
    case "unchanged":
      return `${model} is ${place} already: nothing to do`;
    case "checked":
      return forced
        ? `${model} fails gates; force would promote it. Nothing was moved`
        : `${model} passes the gates of ${place}. Nothing was moved`;
  }
}

export function historyText({ name, aliases }: ModelHistory, style: Style): string {
  if (aliases.every(({ moves }) => moves.length === 0)) return `No alias of ${shownName(name)} was ever moved`;
  return aliases
    .filter(({ moves }) => moves.length > 0)
    .map((history) => aliasText(history, style))
    .join("\n\n");
}

function aliasText({ alias, version, moves }: AliasHistory, style: Style): string {
  const now = version === undefined ? "no version" : `version ${version}`;
  const rows = moves.toReversed().map((move) => rowOf(move, style));
  return [
    `${style.bold(shownName(alias))} is ${now}`,
    table(["MOVE", "WHEN", "VERSION", "WHAT", "BY", "REASON"], rows),
  ].join("\n");
}

function rowOf(move: AliasMove | OutsideMove, style: Style): readonly string[] {
  const way = `${move.from ?? "-"} → ${move.to ?? "-"}`;
  if (move.kind === "outside") return ["", "", way, style.dim("moved outside"), "", ""];
  const { number, atMs, by, gitUser, reason = "" } = move;
  const who = gitUser === undefined ? by : `${gitUser} (${by})`;
  return [String(number), timeText(atMs), way, whatText(move, style), who, reason];
}

function whatText({ kind, state, forced, gates }: AliasMove, style: Style): string {
  if (state === "claimed") return style.yellow("claimed, not applied");
  if (state === "abandoned") return style.dim("abandoned");
  if (kind === "rollback") return "rolled back";
  if (kind === "register") return "registered";
  const failed = gates.filter(([, verdict]) => verdict === "fail").map(([gate]) => gate);
  return forced ? style.yellow(`forced: ${failed.join(", ")}`) : "promoted";
}

/** In UTC, to the second; a time that is none is shown as such. */
function timeText(atMs: number): string {
  const time = new Date(atMs);
  return Number.isNaN(time.getTime()) ? "?" : `${time.toISOString().slice(0, 19).replace("T", " ")}Z`;
}
