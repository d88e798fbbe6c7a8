/** What `data check --fix` and `data restore` did, as people read it. */

import { counted } from "../../base/quantity.ts";
import type { QuarantineReport } from "../../dataset/inspection/quarantine/quarantine.ts";
import type { RestoreReport } from "../../dataset/inspection/quarantine/restore-quarantine.ts";
import type { Style } from "../frame/console.ts";
import { shownName } from "../paths.ts";

const shownRefusals = 10;

/** What `--fix` did, and how to undo it; `command` is the line that does. */
export function quarantineText(
  { moved, left }: QuarantineReport,
  where: { readonly folder: string; readonly command: string } | undefined,
  style: Style,
): string {
  const stay = left.length > 0 ? [`Left where they are: ${left.length}`, ...refusalLines(left)] : [];
  if (where === undefined) return ["Nothing to move.", ...stay].join("\n");
  return [
    `${style.bold("Moved")}  ${counted(moved.length, "picture")} to ${shownName(where.folder)}; its log.jsonl names each, and why`,
    ...stay,
    `${style.bold("Undo")}   ${style.cyan(where.command)}`,
  ].join("\n");
}

/** What `data restore` did. */
export function restoreText({ restored, alreadyThere, refused }: RestoreReport, source: string, style: Style): string {
  const there = alreadyThere > 0 ? `; ${alreadyThere} stood there already` : "";
  return [
    `${style.bold("Restored")}  ${counted(restored, "picture")} to ${shownName(source)}${there}`,
    ...(refused.length > 0 ? [`Not put back: ${refused.length}`, ...refusalLines(refused)] : []),
  ].join("\n");
}

function refusalLines(refused: readonly { readonly id: string; readonly reason: string }[]): string[] {
  const lines = refused.slice(0, shownRefusals).map(({ id, reason }) => `  ${shownName(id)}: ${reason}`);
  const more = refused.length - lines.length;
  return more > 0 ? [...lines, `  and ${more} more`] : lines;
}
