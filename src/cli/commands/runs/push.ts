/** `pawprint runs push`: delivers what waits for a server, or copies runs from one place to another. */
import { AppError } from "../../../base/errors.ts";
import { counted, formatBytes } from "../../../base/quantity.ts";
import { shellPath } from "../../../base/shell-word.ts";
import { visibleText } from "../../../base/visible-text.ts";
import type { CopiedModel } from "../../../registry/copy-models.ts";
import type { Delivery } from "../../../tracking/delivery/delivery.ts";
import type { TrackingAccess } from "../../../tracking/tracking-access.ts";
import { type PushReport, pushRuns, pushSpool } from "../../../wire/push-runs.ts";
import { defineCommand } from "../../frame/command.ts";
import { rightColumn, table } from "../../frame/console.ts";
import { pathFrom, spoolsFolder } from "../../paths.ts";
import { storeOptions, trackingAccessFor } from "../../tracking-options.ts";
import { runsArgument } from "./run-options.ts";

export const command = defineCommand({
  description: `Where runs are recorded on a server, it delivers what a training could not while the server was away. With --from, or where runs are recorded in
a folder, it copies runs with metrics, artifacts and models from there to a server, or to another folder. What is there already is not sent again: an interrupted
push resumes, and nothing is doubled.`,
  arguments: [{ ...runsArgument, optional: true }],
  options: [
    { name: "to", type: "string", placeholder: "URI", doc: "a server or a folder; the configured server unless given" },
    {
      name: "from",
      type: "string",
      placeholder: "URI",
      doc: "a folder of runs or a server; what waits for the server unless given",
    },
    {
      name: "models",
      type: "boolean",
      doc: "copy registered models and versions of these runs, too; needs a source that is no spool",
    },
    { name: "verify", type: "boolean", doc: "compare the contents of large files of the same size, too" },
    ...storeOptions,
  ],
  examples: [
    { line: "pawprint runs push", doc: "what could not be delivered to the configured server" },
    { line: "pawprint runs push --from runs --to http://127.0.0.1:5000", doc: "all runs of a folder to a server" },
    {
      line: "pawprint runs push last --from http://127.0.0.1:5000 --to copy",
      doc: "one run of a server into a folder",
    },
  ],
  leavesFiles: true,
  again: "what was delivered stays, and the rest follows",
  async run(context, { runs }, { to: target, from: source, models, verify, ...options }) {
    const { cwd, progress, signal, style, logger } = context;
    const accessTo = (trackingUri: string) => trackingAccessFor(context, { ...options, trackingUri });
    const configured = await trackingAccessFor(context, options);
    if (target === undefined && configured.kind === "folder") throw missingTarget(configured.folder);
    const to = target === undefined ? configured : await accessTo(target);
    const from = await sourceOf(source, configured, accessTo);
    const given = { runs, verify, progress, signal };
    const report = await push(from, to, given, { models, spools: pathFrom(cwd, spoolsFolder) });
    for (const { runId, by } of report.held) logger.info(`run ${runId} is left to ${by}, which records or delivers it`);
    for (const { runId, problems } of report.runs) {
      for (const { what, error } of problems) logger.warn(`${what} of run ${runId} was refused: ${error.message}`);
    }
    return {
      result: report,
      text: reportText(report),
      ...(to.kind === "folder" && { next: style.cyan(`pawprint runs list --tracking-uri ${shellPath(to.folder)}`) }),
      exitCode: report.runs.some(({ problems }) => problems.length > 0) ? 1 : 0,
    };
  },
});

/** Undefined for what waits in the spool. */
async function sourceOf(
  given: string | undefined,
  configured: TrackingAccess,
  accessTo: (uri: string) => Promise<TrackingAccess>,
): Promise<TrackingAccess | undefined> {
  if (given !== undefined) return accessTo(given);
  return configured.kind === "folder" ? configured : undefined;
}

async function push(
  from: TrackingAccess | undefined,
  to: TrackingAccess,
  given: Parameters<typeof pushRuns>[2],
  { models, spools }: { readonly models: boolean; readonly spools: string },
): Promise<PushReport> {
  if (from !== undefined) {
    if (placeOf(from) === placeOf(to)) throw samePlace(placeOf(to));
    return pushRuns(from, to, { ...given, models });
  }
  if (to.kind === "folder" || models) {
    throw new AppError("CLI_USAGE", {
      required: `--from with ${models ? "--models" : "a folder as the target"}`,
      received: "no source but what waits for the server",
      hint: "give a folder of runs or a server: --from runs",
    });
  }
  return pushSpool(spools, to, given);
}

function placeOf(access: TrackingAccess): string {
  return access.kind === "folder" ? access.folder : access.url;
}

function missingTarget(folder: string): AppError {
  return new AppError("CLI_USAGE", {
    required: "a server to deliver to",
    received: `the folder ${visibleText(folder)}, in which runs are recorded`,
    where: "--to",
    hint: "pawprint runs push --to http://127.0.0.1:5000",
  });
}

function samePlace(place: string): AppError {
  return new AppError("CLI_USAGE", {
    required: "two places",
    received: `${visibleText(place)} as both`,
    where: "--from and --to",
  });
}

function reportText({ from, to, runs, held, models }: PushReport): string {
  const sent = runs.filter(hasNews);
  const level = runs.length - sent.length;
  const places = `${visibleText(from)} -> ${visibleText(to)}`;
  const rows = sent.map(({ name, targetId, isNew, points, files, bytes, models: logged, problems }) => [
    name,
    targetId.slice(0, 12),
    isNew ? "new" : "added to",
    String(points),
    String(files),
    formatBytes(bytes),
    String(logged),
    problems.length === 0 ? "" : counted(problems.length, "refusal"),
  ]);
  const numbers = ["POINTS", "FILES", "SIZE", "MODELS"].map(rightColumn);
  const waiting = held.length === 0 ? "" : `; ${counted(held.length, "run")} of other processes left`;
  return [
    ...(rows.length > 0 ? [table(["RUN", "ID THERE", "RUN THERE", ...numbers, "PROBLEMS"], rows), ""] : []),
    sent.length === 0 && models.every(isLevel)
      ? `Nothing left to deliver: ${counted(level, "run")} unchanged${waiting}  (${places})`
      : `Delivered  ${counted(sent.length, "run")}, ${level} unchanged${waiting}  (${places})`,
    ...models.map(modelText),
  ].join("\n");
}

function hasNews({ isNew, points, params, tags, inputs, files, models, problems }: Delivery): boolean {
  return isNew || points + params + tags + inputs + files + models + problems.length > 0;
}

function isLevel({ isNew, versions, aliases }: CopiedModel): boolean {
  return !isNew && versions.length === 0 && aliases.length === 0;
}

function modelText({ name, versions, aliases, keptAliases, left }: CopiedModel): string {
  const numbers = versions.map(({ from, to }) => (from === to ? from : `${from} as ${to}`));
  const parts = [
    versions.length === 0
      ? "no new versions"
      : `${versions.length === 1 ? "version" : "versions"} ${numbers.join(", ")}`,
    ...(aliases.length > 0 ? [`aliases ${aliases.join(", ")}`] : []),
    ...(keptAliases.length > 0 ? [`aliases that stay with other versions: ${keptAliases.join(", ")}`] : []),
    ...(left.length > 0 ? [`not of these runs: ${left.join(", ")}`] : []),
  ];
  return `Model ${visibleText(name)}  ${visibleText(parts.join("; "))}`;
}
