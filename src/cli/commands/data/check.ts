/** `pawprint data check`: what is wrong with labelled pictures. */
import { AppError } from "../../../base/errors.ts";
import { writeFileAtomic } from "../../../base/files/atomic-file.ts";
import { hintForName } from "../../../base/nearest.ts";
import type { Progress } from "../../../base/progress.ts";
import { counted } from "../../../base/quantity.ts";
import { shellPath } from "../../../base/shell-word.ts";
import { readVersion } from "../../../base/version.ts";
import { requireFreePath } from "../../../bundle/export-bundle.ts";
import {
  type Finding,
  type FindingKind,
  findingTable,
  type Inspection,
} from "../../../dataset/inspection/findings/findings.ts";
import { defaultThresholds } from "../../../dataset/inspection/findings/thresholds.ts";
import { inspectSource } from "../../../dataset/inspection/inspect-source.ts";
import {
  fixedKinds,
  type QuarantineReport,
  quarantine,
  requireFolderSource,
  restoreCommand,
} from "../../../dataset/inspection/quarantine/quarantine.ts";
import { makeThumbnails } from "../../../dataset/inspection/scan/thumbnails.ts";
import { openSource } from "../../../dataset/sources/open-source.ts";
import type { Source } from "../../../dataset/sources/source.ts";
import { adviceFor } from "../../../report/dataset/finding-advice.ts";
import { type CommandContext, defineCommand } from "../../frame/command.ts";
import { pathFrom, shownName, shownPath } from "../../paths.ts";
import { readingFlags, readingFrom, readingOptions } from "../../pawprint-config.ts";
import { countSeverities, inspectionText } from "../../text/inspection-text.ts";
import { quarantineText } from "../../text/quarantine-text.ts";

export const command = defineCommand({
  description: `Every picture is decoded once. Errors are pictures that cannot be used or that distort the evaluation, warnings are likely mistakes,
notes are for information. The exit code is 1 where errors were found (with --strict also for warnings) that --fix did not move.

--fix moves pictures to FOLDER.quarantine beside the folder, with a log from which 'pawprint data restore FOLDER' puts them back. Of copies it keeps
one, test before val before train; of label conflicts none. Nothing is deleted. Kinds that --fix moves by itself:
${fixedKinds.join(", ")}.`,
  arguments: [
    {
      name: "source",
      doc: "a folder, archive or manifest of labelled pictures, idx or CIFAR files, or an s3:// address",
    },
  ],
  options: [
    {
      name: "minSide",
      type: "integer",
      min: 1,
      default: defaultThresholds.minSidePx,
      doc: "pictures with fewer pixels on the shorter side are very small",
    },
    {
      name: "maxAspect",
      type: "number",
      min: 1,
      default: defaultThresholds.maxAspect,
      doc: "pictures whose longer side is more than so many times the shorter one have an extreme aspect ratio",
    },
    {
      name: "imbalance",
      type: "number",
      min: 1,
      default: defaultThresholds.maxImbalance,
      doc: "classes are out of balance where one has more than so many times the pictures of another",
    },
    ...readingOptions,
    { name: "strict", type: "boolean", doc: "end with exit code 1 for warnings too" },
    { name: "fix", type: "boolean", doc: "move pictures that are at fault into quarantine" },
    {
      name: "kinds",
      type: "string",
      placeholder: "A,B",
      doc: "move these kinds of findings instead of the usual ones",
    },
    { name: "report", type: "string", placeholder: "FILE.html", doc: "write a page with charts and thumbnails" },
    { name: "force", short: "f", type: "boolean", doc: "overwrite an existing report" },
    { name: "facts", type: "boolean", doc: "with --json: every picture's size, format, hash and colours too" },
  ],
  examples: [
    { line: "pawprint data check pictures", doc: "a table of what was found" },
    { line: "pawprint data check cats-dogs.zip --report check.html", doc: "the same as a page with pictures" },
    { line: "pawprint data check data/raw --fix --kinds exact-duplicate,truncated", doc: "set these aside" },
    { line: "pawprint data check data/raw --strict --json", doc: "for a pipeline" },
  ],
  leavesFiles: true,
  async run(context, { source: given }, options) {
    const { cwd, style, signal, progress, now } = context;
    const kinds = options.kinds === undefined ? undefined : parseKinds(options.kinds, options.fix);
    const report = options.report === undefined ? undefined : pathFrom(cwd, options.report);
    if (report !== undefined) await requireFreePath(report, options.force);
    const source = await openSource(pathFrom(cwd, given), readingFrom(cwd, options));
    try {
      // Before a scan that may take minutes.
      if (options.fix) requireMovable(source, options.followLinks ?? false);
      const thresholds = {
        minSidePx: options.minSide,
        maxAspect: options.maxAspect,
        maxImbalance: options.imbalance,
      };
      const inspection = await inspectSource(source, { thresholds, progress, signal });
      if (report !== undefined) await writeReport(report, source, inspection, options.force, context);
      const fixed = options.fix
        ? await quarantine(inspection, { progress, signal, now, ...(kinds && { kinds }) })
        : undefined;

      const remaining = fixed === undefined ? inspection.findings : remainingAfter(inspection, fixed);
      const { error, warning } = countSeverities(remaining);
      const { facts, ...shown } = inspection;
      return {
        result: {
          ...shown,
          ...(options.facts && { facts }),
          ...(report !== undefined && { report }),
          ...(fixed && { quarantine: fixed }),
        },
        text: [
          inspectionText(inspection, style),
          ...(report === undefined ? [] : [`${style.bold("Report")}  ${shownName(shownPath(cwd, report))}`]),
          "",
          ...(fixed === undefined ? [] : [fixedText(fixed, context)]),
        ].join("\n"),
        ...(fixed === undefined && {
          next: nextText(inspection, `${shellPath(given)}${readingFlags(options)}`, context),
        }),
        exitCode: error > 0 || (options.strict && warning > 0) ? 1 : 0,
      };
    } finally {
      await source.close();
    }
  },
});

/** Behind links lie folders of others, which are read and never changed. */
function requireMovable(source: Source, followsLinks: boolean): void {
  requireFolderSource(source);
  if (followsLinks) throw usage("--fix without --follow-links", "both", "check the folder that the links lead to");
}

/** Errors: CLI_USAGE for an unknown kind, for one about no pictures, and without --fix. */
function parseKinds(text: string, isFixing: boolean): readonly FindingKind[] {
  if (!isFixing) throw usage("--fix beside --kinds", "--kinds alone");
  return text.split(",").map((part) => {
    const name = part.trim();
    // The keys of a constant are its kinds.
    if (Object.hasOwn(findingTable, name)) return name as FindingKind;
    throw usage("a kind of finding", JSON.stringify(name), hintForName(name, Object.keys(findingTable)));
  });
}

function usage(required: string, received: string, hint?: string): AppError {
  const known = `known: ${Object.keys(findingTable).join(", ")}`;
  return new AppError("CLI_USAGE", { required, received, where: "pawprint data check", hint: hint ?? known });
}

/** Findings with an offender that was not moved, and those about classes. */
function remainingAfter({ findings }: Inspection, { moved }: QuarantineReport): readonly Finding[] {
  const gone = new Set(moved.map(({ from }) => from));
  return findings.filter(({ offenders }) => offenders.length === 0 || !offenders.every((id) => gone.has(id)));
}

async function writeReport(
  path: string,
  source: Source,
  inspection: Inspection,
  force: boolean,
  { progress, signal, now }: { progress: Progress; signal: AbortSignal; now: () => number },
): Promise<void> {
  // The chart libraries load slowly, and nothing else here needs them.
  const { renderDatasetReport } = await import("../../../report/dataset/dataset-report.ts");
  const thumbnails = await makeThumbnails(source, inspection.findings, { progress, signal });
  const html = await renderDatasetReport(inspection, {
    thumbnails,
    version: await readVersion(),
    now: new Date(now()),
  });
  await writeFileAtomic(path, html, { force, signal });
}

/**
 * The first thing to do about what was found; training where nothing stands against it. `path` has
 * the flags that say how it is read.
 */
function nextText({ source, findings, facts }: Inspection, path: string, { style }: CommandContext): string {
  const fixable = new Set(
    findings.filter(({ kind }) => findingTable[kind].isFixed).flatMap(({ offenders }) => offenders),
  );
  const classesLeft = new Set(facts.filter(({ id }) => !fixable.has(id)).map(({ label }) => label)).size;
  const unmoved = findings.find(({ kind }) => {
    const { severity, isFixed } = findingTable[kind];
    return severity === "error" && (!isFixed || classesLeft < 2);
  });
  if (unmoved !== undefined && (fixable.size === 0 || classesLeft < 2)) {
    const { text } = adviceFor(unmoved.kind, source);
    return `${text.slice(0, 1).toLowerCase()}${text.slice(1)} Then again: ${style.cyan(`pawprint data check ${path}`)}`;
  }
  if (fixable.size === 0) return style.cyan(`pawprint train --data ${path}`);
  const what = counted(fixable.size, "picture");
  return source.kind === "folder"
    ? `${style.cyan(`pawprint data check ${path} --fix`)}, which sets ${what} aside`
    : `${style.cyan(`pawprint data import ${path} --to data/raw`)}; in a folder, --fix can set ${what} aside`;
}

function fixedText(fixed: QuarantineReport, { cwd, style }: CommandContext): string {
  const folder = fixed.folder === undefined ? undefined : shownPath(cwd, fixed.folder);
  return quarantineText(fixed, folder === undefined ? undefined : { folder, command: restoreCommand(folder) }, style);
}
