/**
 * `repro`: brings a pipeline up to date. Stages whose command, dependencies, parameters or outputs
 * changed since `dvc.lock` run again, or take what a run of the past made.
 */
import { resolve } from "node:path";
import type { AppError } from "../base/errors.ts";
import { type Logger, silentLogger } from "../base/logger.ts";
import type { Progress } from "../base/progress.ts";
import type { DataEntry, DataHash } from "../versioning/data-hash.ts";
import { fetchObjects } from "../versioning/remotes/fetch-objects.ts";
import { openRemote } from "../versioning/remotes/open-remote.ts";
import { openWorkTree } from "../versioning/repo/metadata-tree.ts";
import type { Repository } from "../versioning/repo/repository.ts";
import { withRepositoryLock } from "../versioning/repo/repository-lock.ts";
import { type PipelineGraph, type PipelineNode, readGraph } from "./graph.ts";
import { type CommandOutput, commandsOf } from "./repro-commands.ts";
import { type DataEnd, reproduceData } from "./repro-data.ts";
import { noteStageTime, readStageTimes } from "./repro-durations.ts";
import { openLockSession } from "./repro-lock.ts";
import { type PlanOptions, planRepro } from "./repro-plan.ts";
import { type OnFailure, type Outcome, runSchedule } from "./repro-schedule.ts";
import { type ReproContext, reproduceStage, type StageEnd } from "./repro-stage.ts";
import { addressFrom, reproTargets } from "./repro-targets.ts";

export interface ReproOptions extends PlanOptions {
  /** Absolute; targets start from it. The repository's root unless given. */
  readonly folder?: string | undefined;
  /** All stages of the repository, whatever the targets. */
  readonly allPipelines?: boolean | undefined;
  /** Run stages that did not change too. */
  readonly force?: boolean | undefined;
  /** Run also what needs a stage that ran, whether its own dependencies changed or not. */
  readonly forceDownstream?: boolean | undefined;
  /** Say what would run, and change nothing. */
  readonly dry?: boolean | undefined;
  /** What happens to other stages after a failure. Default `stop`. */
  readonly onFailure?: OnFailure | undefined;
  /** Put no outputs into the cache. */
  readonly noCommit?: boolean | undefined;
  /** Take nothing from runs of the past. */
  readonly noRunCache?: boolean | undefined;
  /** Fetch what is missing from the remote. */
  readonly pull?: boolean | undefined;
  /** Stages that run at the same time. Default 1. */
  readonly jobs?: number | undefined;
  /** Of the commands; the process's own unless given. */
  readonly env?: NodeJS.ProcessEnv | undefined;
  /** Where commands print. Default `inherit`. */
  readonly output?: ((stage: string) => CommandOutput) | undefined;
  readonly onEvent?: ((event: ReproEvent) => void) | undefined;
  readonly logger?: Logger | undefined;
  readonly progress?: Progress | undefined;
  readonly signal?: AbortSignal | undefined;
}

export type ReproEnd =
  | StageEnd
  | DataEnd
  | "failed"
  /** Not started: what it needs failed, or another stage did. */
  | "skipped"
  /** With `dry`: what it would do; `may-run` where that is known only once others ran. */
  | "would-run"
  | "would-restore"
  | "may-run";

export interface ReproNode {
  /** A stage as it is named from `folder`, or a `.dvc` file from the repository's root. */
  readonly name: string;
  readonly kind: PipelineNode["kind"];
  readonly end: ReproEnd;
  /** Of a stage that ran. */
  readonly seconds?: number;
  /** Of a stage that would run, with `dry`. */
  readonly commands?: readonly string[];
  readonly error?: AppError;
}

export interface ReproReport {
  /** In the order in which they were visited. */
  readonly nodes: readonly ReproNode[];
  /** Whether nothing failed. */
  readonly isComplete: boolean;
  /** Files for Git that were written, from the repository's root. */
  readonly changedFiles: readonly string[];
}

export type ReproEvent =
  | {
      readonly kind: "start";
      readonly name: string;
      /** From 1, of the stages that were planned. */
      readonly at: number;
      readonly total: number;
      /** How long the stage took the last time, and all that are left with it, as far as that is known. */
      readonly expectedSeconds?: number;
      readonly leftSeconds?: number;
    }
  | { readonly kind: "command"; readonly name: string; readonly command: string }
  | { readonly kind: "end"; readonly node: ReproNode };

/**
 * Failures of stages are in the report. Errors: STAGE_UNKNOWN, PIPELINE_INVALID, PIPELINE_CYCLE,
 * DATA_*, LOCKED, INTERRUPTED.
 */
export async function repro(
  repository: Repository,
  targets: readonly string[] = [],
  options: ReproOptions = {},
): Promise<ReproReport> {
  const folder = options.folder ?? repository.root;
  const tree = openWorkTree(repository);
  const graph = activeGraph(await readGraph(tree));
  const wanted = options.allPipelines ? graph.nodes : reproTargets(repository, graph, targets, folder);
  const plan = planRepro(graph, wanted, options.allPipelines ? {} : options);
  const run = new ReproRun(repository, graph, plan, { ...options, folder }, await readStageTimes(repository));
  return run.report();
}

/** A frozen stage needs nothing. */
function activeGraph({ nodes, needs }: PipelineGraph): PipelineGraph {
  const isFrozen = (node: PipelineNode): boolean => node.kind === "stage" && node.stage.isFrozen;
  return { nodes, needs: new Map([...needs].map(([node, needed]) => [node, isFrozen(node) ? [] : needed])) };
}

class ReproRun {
  readonly #repository: Repository;
  readonly #graph: PipelineGraph;
  readonly #plan: readonly PipelineNode[];
  readonly #options: ReproOptions & { readonly folder: string };
  readonly #times: ReadonlyMap<string, number>;
  readonly #context: ReproContext;
  readonly #ends = new Map<PipelineNode, { readonly end: ReproEnd; readonly seconds?: number }>();
  readonly #started = new Set<PipelineNode>();

  constructor(
    repository: Repository,
    graph: PipelineGraph,
    plan: readonly PipelineNode[],
    options: ReproOptions & { readonly folder: string },
    times: ReadonlyMap<string, number>,
  ) {
    this.#repository = repository;
    this.#graph = graph;
    this.#plan = plan;
    this.#options = options;
    this.#times = times;
    this.#context = contextOf(repository, options);
  }

  async report(): Promise<ReproReport> {
    const { jobs = 1, onFailure = "stop" } = this.#options;
    const run = (node: PipelineNode): Promise<ReproEnd> => this.#run(node);
    const [plan, needs] = [this.#plan, this.#graph.needs];
    const work = runSchedule({ plan, needs, jobs: Math.max(1, jobs), onFailure, run });
    const outcomes = await work.finally(() => this.#context.lock.close());
    const nodes = [...outcomes].map(([node, outcome]) => this.#nodeOf(node, outcome));
    const isComplete = nodes.every(({ end }) => end !== "failed" && end !== "skipped");
    return { nodes, isComplete, changedFiles: [...this.#context.changedFiles].sort() };
  }

  async #run(node: PipelineNode): Promise<ReproEnd> {
    const { onEvent } = this.#options;
    this.#started.add(node);
    if (node.kind === "stage") onEvent?.(this.#startEvent(node));
    const { end, seconds } = await this.#bringUpToDate(node);
    this.#ends.set(node, { end, ...(seconds !== undefined && { seconds }) });
    if (seconds !== undefined) await noteStageTime(this.#repository, node.label, seconds);
    onEvent?.({ kind: "end", node: this.#nodeOf(node, { kind: "done", result: end }) });
    return end;
  }

  async #bringUpToDate(node: PipelineNode): Promise<{ readonly end: ReproEnd; readonly seconds?: number }> {
    const { dry = false, force = false, forceDownstream = false, noCommit = false, noRunCache = false } = this.#options;
    if (node.kind === "data") return { end: await reproduceData(this.#context, node, { dry }) };
    const needed = this.#graph.needs.get(node) ?? [];
    const isAnyOf = (...ends: readonly ReproEnd[]): boolean =>
      needed.some((one) => ends.includes(this.#ends.get(one)?.end ?? "unchanged"));
    const isForced = force || (forceDownstream && isAnyOf("ran", "cached", "would-run", "would-restore"));
    const settings = { dry, force: isForced, isStored: !noCommit, usesRunCache: !noRunCache };
    if (!dry) return reproduceStage(this.#context, node.stage, settings);
    if (!isForced && isAnyOf("would-run", "may-run", "would-restore", "recorded", "fetched")) return { end: "may-run" };
    const { end } = await reproduceStage(this.#context, node.stage, settings);
    return { end: end === "ran" ? "would-run" : end === "cached" ? "would-restore" : end };
  }

  #startEvent(node: PipelineNode): ReproEvent {
    const stages = this.#plan.filter(({ kind }) => kind === "stage");
    const known = (one: PipelineNode): number | undefined => this.#times.get(one.label);
    const left = stages.filter((one) => one === node || !this.#started.has(one)).map(known);
    const expectedSeconds = known(node);
    return {
      kind: "start",
      name: this.#nameOf(node),
      at: stages.filter((one) => this.#started.has(one)).length,
      total: stages.length,
      ...(expectedSeconds !== undefined && { expectedSeconds }),
      ...(left.every((one) => one !== undefined) && { leftSeconds: left.reduce((sum, one) => sum + one, 0) }),
    };
  }

  #nodeOf(node: PipelineNode, outcome: Outcome<ReproEnd>): ReproNode {
    const seconds = this.#ends.get(node)?.seconds;
    const end = outcome.kind === "done" ? outcome.result : outcome.kind;
    return {
      name: this.#nameOf(node),
      kind: node.kind,
      end,
      ...(seconds !== undefined && { seconds: Math.round(seconds * 1000) / 1000 }),
      ...(node.kind === "stage" && end === "would-run" && { commands: commandsOf(node.stage.cmd) }),
      ...(outcome.kind === "failed" && { error: outcome.error }),
    };
  }

  #nameOf(node: PipelineNode): string {
    return node.kind === "data" ? node.file : addressFrom(this.#repository, this.#options.folder, node.stage);
  }
}

function contextOf(repository: Repository, options: ReproOptions & { readonly folder: string }): ReproContext {
  const { folder, logger = silentLogger, progress, signal, onEvent, output, env = process.env, pull } = options;
  const addressOf = (stage: Parameters<ReproContext["addressOf"]>[0]): string =>
    addressFrom(repository, resolve(folder), stage);
  const onWait = (who: string): void => logger.info(`waiting for ${who}`);
  return {
    repository,
    tree: openWorkTree(repository),
    env,
    output: (stage) => output?.(addressOf(stage)) ?? "inherit",
    logger,
    progress,
    signal,
    lock: openLockSession((work) =>
      withRepositoryLock(repository, "pawprint repro", work, { onWait, ...(signal && { signal }) }),
    ),
    changedFiles: new Set(),
    addressOf,
    onCommand: (stage, command) => onEvent?.({ kind: "command", name: addressOf(stage), command }),
    ...(pull && { fetch: (entries: readonly DataEntry[]) => fetchEntries(repository, entries, progress, signal) }),
  };
}

/** Errors: those of `openRemote` and `fetchObjects`. */
async function fetchEntries(
  repository: Repository,
  entries: readonly DataEntry[],
  progress: Progress | undefined,
  signal: AbortSignal | undefined,
): Promise<void> {
  const hashes = entries.flatMap(({ hash }): DataHash[] => (hash ? [hash] : []));
  const remote = await openRemote(repository);
  await fetchObjects(repository, remote, hashes, { ...(progress && { progress }), ...(signal && { signal }) });
}
