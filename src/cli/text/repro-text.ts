/** What `repro` did, as text. */
import { counted, formatDuration } from "../../base/quantity.ts";
import { visibleText } from "../../base/visible-text.ts";
import type { ReproEnd, ReproEvent, ReproNode, ReproReport } from "../../pipeline/repro.ts";
import type { Style } from "../frame/console.ts";
import { fittedTable } from "../frame/fitted-table.ts";

const words: Readonly<Record<ReproEnd, string>> = {
  ran: "ran",
  cached: "restored from the run-cache",
  unchanged: "unchanged",
  recorded: "changed data recorded",
  fetched: "fetched",
  failed: "failed",
  skipped: "skipped",
  "would-run": "would run",
  "would-restore": "would be restored from the run-cache",
  "may-run": "runs if its dependencies change",
};

/** One row for each stage; data only where something happened to it. */
export function reproTable({ nodes }: ReproReport, width: number): string {
  const shown = nodes.filter(({ kind, end }) => kind === "stage" || end !== "unchanged");
  if (shown.length === 0) return "";
  const seconds = ({ seconds }: ReproNode): string => (seconds === undefined ? "" : formatDuration(seconds * 1000));
  return fittedTable(
    [
      { title: "STAGE", cells: shown.map(({ name }) => name), least: 16, cut: "middle" },
      { title: "RESULT", cells: shown.map(({ end }) => words[end]) },
      ...(shown.some((node) => node.seconds !== undefined)
        ? [{ title: "TIME", align: "right" as const, cells: shown.map(seconds), dropped: 1 }]
        : []),
    ],
    width,
  ).text;
}

/** `5 stages: 2 ran, 3 unchanged`. */
export function reproSummary({ nodes }: ReproReport): string {
  const stages = nodes.filter(({ kind }) => kind === "stage");
  const ends = [...new Set(stages.map(({ end }) => end))];
  if (ends.every((end) => end === "unchanged"))
    return `${counted(stages.length, "stage")}, all up to date: nothing ran`;
  const parts = ends.map((end) => `${stages.filter((node) => node.end === end).length} ${words[end]}`);
  return `${counted(stages.length, "stage")}: ${parts.join(", ")}`;
}

/** What would run, with its commands. */
export function dryText({ nodes }: ReproReport): readonly string[] {
  return nodes.flatMap(({ name, commands = [] }) =>
    commands.length === 0
      ? []
      : [`${visibleText(name)}:`, ...commands.map((command) => `  > ${visibleText(command)}`), ""],
  );
}

/** Errors of stages with what to do about them. */
export function reproFailures({ nodes }: ReproReport, style: Style): readonly string[] {
  return nodes.flatMap(({ error }) => {
    if (error === undefined) return [];
    const head = style.red(`error ${error.code}: ${visibleText(error.message)}`);
    return error.hint === undefined ? [head] : [head, `hint: ${visibleText(error.hint)}`];
  });
}

/** Tells how a `repro` goes on: a line for each stage that runs or is restored, and its commands. */
export function createReproTeller(write: (line: string) => void, style: Style): (event: ReproEvent) => void {
  const waiting = new Map<string, string>();
  const tellStart = (name: string): void => {
    const line = waiting.get(name);
    waiting.delete(name);
    if (line !== undefined) write(line);
  };
  return (event) => {
    if (event.kind === "start") waiting.set(event.name, style.bold(startLine(event)));
    else if (event.kind === "command") {
      tellStart(event.name);
      write(style.dim(`> ${visibleText(event.command)}`));
    } else if (event.node.end !== "unchanged" && !event.node.end.startsWith("would") && event.node.end !== "may-run") {
      tellStart(event.node.name);
      const { name, end, seconds } = event.node;
      write(
        `${visibleText(name)}: ${words[end]}${seconds === undefined ? "" : ` (${formatDuration(seconds * 1000)})`}`,
      );
    }
  };
}

/** `stage 2 of 5: train (12.3 s last time, 40.1 s to go)`. */
function startLine({ name, at, total, expectedSeconds, leftSeconds }: Extract<ReproEvent, { kind: "start" }>): string {
  const times = [
    ...(expectedSeconds === undefined ? [] : [`${formatDuration(expectedSeconds * 1000)} last time`]),
    ...(leftSeconds === undefined ? [] : [`at most ${formatDuration(leftSeconds * 1000)} to go`]),
  ];
  return `stage ${at} of ${total}: ${visibleText(name)}${times.length === 0 ? "" : ` (${times.join(", ")})`}`;
}
