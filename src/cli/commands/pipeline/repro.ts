/** `pawprint repro`: brings pipelines up to date. */
import { counted } from "../../../base/quantity.ts";
import { shellPath } from "../../../base/shell-word.ts";
import type { ReproNode, ReproReport } from "../../../pipeline/repro.ts";
import { repro } from "../../../pipeline/repro.ts";
import type { CommandOutput } from "../../../pipeline/repro-commands.ts";
import type { Repository } from "../../../versioning/repo/repository.ts";
import { type CommandContext, defineCommand } from "../../frame/command.ts";
import { prefixedLines } from "../../prefixed-lines.ts";
import { createReproTeller, dryText, reproFailures, reproSummary, reproTable } from "../../text/repro-text.ts";
import { repositoryOf } from "../data/data-options.ts";

export const command = defineCommand({
  description: `Runs the stages of dvc.yaml whose command, dependencies, parameters or outputs changed since dvc.lock was written, each after those that
make its dependencies. A stage that ran before with the same inputs is restored from the run-cache. dvc.lock, run-cache and outputs are those of dvc repro.`,
  arguments: [
    {
      name: "targets",
      doc: "stages (train, sub/dvc.yaml:train), dvc.yaml or .dvc files, outputs; the dvc.yaml here unless given",
      variadic: true,
      optional: true,
    },
  ],
  options: [
    { name: "dry", type: "boolean", doc: "show what would run, and change nothing" },
    { name: "force", short: "f", type: "boolean", doc: "run stages that did not change too" },
    { name: "forceDownstream", type: "boolean", doc: "run also what needs a stage that ran" },
    { name: "singleItem", short: "s", type: "boolean", doc: "the targets alone, without what they need" },
    { name: "downstream", type: "boolean", doc: "the targets, and what needs them" },
    { name: "pipeline", short: "p", type: "boolean", doc: "all that is connected with the targets" },
    { name: "allPipelines", short: "P", type: "boolean", doc: "all stages of the repository" },
    { name: "keepGoing", short: "k", type: "boolean", doc: "after a failure, run what does not need the stage" },
    { name: "ignoreErrors", type: "boolean", doc: "after a failure, run everything" },
    {
      name: "jobs",
      short: "j",
      type: "integer",
      min: 1,
      max: 256,
      default: 1,
      doc: "stages that run at the same time",
    },
    { name: "pull", type: "boolean", doc: "fetch what is missing from the remote" },
    { name: "commit", type: "boolean", default: true, doc: "put outputs into the cache" },
    { name: "runCache", type: "boolean", default: true, doc: "restore what a stage made before with the same inputs" },
  ],
  examples: [
    { line: "pawprint repro", doc: "everything that is not up to date" },
    { line: "pawprint repro train --dry", doc: "what would run for the stage train" },
    { line: "pawprint repro --jobs 4 --keep-going", doc: "four stages at a time, past failures" },
  ],
  leavesFiles: true,
  again: "stages that ended are not run again",
  async run(context, { targets = [] }, options) {
    const { repository, options: shared } = await repositoryOf(context);
    const { dry, force, forceDownstream, singleItem, downstream, pipeline, allPipelines, pull, jobs } = options;
    const { keepGoing, ignoreErrors } = options;
    const outputs = new StageOutputs(context, jobs);
    const tell = context.quiet ? undefined : createReproTeller((line) => context.stderr(`${line}\n`), context.style);
    const report = await repro(repository, targets, {
      ...shared,
      ...{ dry, force, forceDownstream, singleItem, downstream, pipeline, allPipelines, pull, jobs },
      noCommit: !options.commit,
      noRunCache: !options.runCache,
      onFailure: ignoreErrors ? "ignore" : keepGoing ? "keep-going" : "stop",
      env: { ...context.env },
      logger: context.logger,
      output: outputs.of,
      onEvent(event) {
        if (event.kind === "end") outputs.endOf(event.node.name);
        tell?.(event);
      },
    }).finally(outputs.end);
    const failures = reproFailures(report, context.style);
    return {
      result: { ...report, nodes: report.nodes.map(nodeJson) },
      text: reproText(report, failures, context),
      quietText: failures.join("\n"),
      ...nextOf(report, repository, dry),
      exitCode: report.isComplete ? 0 : 1,
    };
  },
});

/** Where the commands of stages print: as they are, but several at a time with their stage's name. */
class StageOutputs {
  readonly #writers = new Map<string, ReturnType<typeof prefixedLines>>();
  readonly of: (stage: string) => CommandOutput;

  constructor({ json, stdout, stderr }: CommandContext, jobs: number) {
    this.of = (stage) => {
      if (jobs === 1) return json ? "stderr" : "inherit";
      const writer = this.#writers.get(stage) ?? prefixedLines(stage, json ? stderr : stdout);
      this.#writers.set(stage, writer);
      return writer.write;
    };
  }

  /** Writes the last line of a stage, if it had no end. */
  endOf(stage: string): void {
    this.#writers.get(stage)?.end();
  }

  readonly end = (): void => {
    for (const stage of this.#writers.keys()) this.endOf(stage);
  };
}

function reproText(report: ReproReport, failures: readonly string[], { width }: CommandContext): string {
  const isIdle = report.nodes.every(({ end }) => end === "unchanged");
  const table = isIdle ? "" : reproTable(report, width);
  return [...dryText(report), ...(table === "" ? [] : [table, ""]), reproSummary(report), ...failures].join("\n");
}

function nodeJson({ error, ...node }: ReproNode): object {
  return { ...node, ...(error && { error: error.toJSON() }) };
}

const namedFiles = 6;

function nextOf(report: ReproReport, { hasGit, config }: Repository, dry: boolean): { readonly next?: string } {
  const { changedFiles, isComplete } = report;
  if (dry && report.nodes.some(({ end }) => end.startsWith("would"))) return { next: "pawprint repro" };
  if (!hasGit || config.core.autostage || changedFiles.length === 0) return {};
  const more = changedFiles.length - namedFiles;
  const files =
    more > 0
      ? `--all (${counted(changedFiles.length, "file")})`
      : changedFiles.map((file) => shellPath(file)).join(" ");
  return { next: `git add ${files}${isComplete ? "" : ", once all stages ran"}` };
}
