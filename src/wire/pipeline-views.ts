/** What is shown of pipelines: the graph, metrics, parameters and plots. */
import { resolve } from "node:path";
import { readOptions } from "../base/schema/options.ts";
import { readVersion } from "../base/version.ts";
import { type Dag, dagOf, outputDagOf } from "../pipeline/dag.ts";
import { readGraph } from "../pipeline/graph.ts";
import { compareValues, readMetrics, readParams, type ValueChange, type ValueTable } from "../pipeline/metrics.ts";
import { type PlotReading, readPlots } from "../pipeline/plots.ts";
import { reproTargets } from "../pipeline/repro-targets.ts";
import { renderChart } from "../report/charts/chart.ts";
import { shown, titled } from "../report/charts/spec-parts.ts";
import { plotChart } from "../report/pipeline/plot-chart.ts";
import { groupPlots, renderPlotsPage } from "../report/pipeline/plots-page.ts";
import { openWorkTree } from "../versioning/repo/metadata-tree.ts";
import type { Repository } from "../versioning/repo/repository.ts";
import { type DagOptions, dagOptions } from "./options/versioning-options.ts";

/** The graph of stages and `.dvc` files. Errors: STAGE_UNKNOWN, PIPELINE_CYCLE, PIPELINE_INVALID. */
export async function pipelineDag(
  repository: Repository,
  targets: readonly string[] = [],
  given: DagOptions = {},
): Promise<Dag> {
  const { folder = ".", outs = false, full = false } = readOptions<DagOptions>(dagOptions, given, "pipelineDag");
  const graph = await readGraph(openWorkTree(repository));
  const chosen = targets.length === 0 ? [] : reproTargets(repository, graph, targets, resolve(folder));
  return outs ? outputDagOf(graph, chosen, full) : dagOf(graph, chosen, full);
}

/** See `readMetrics` in `pipeline/metrics.ts`. */
export async function pipelineMetrics(repository: Repository, revision?: string): Promise<ValueTable> {
  return readMetrics(repository, revision);
}

/** From a revision, HEAD unless given, to another or the work tree. Errors: GIT_REVISION_UNKNOWN. */
export async function diffMetrics(
  repository: Repository,
  before = "HEAD",
  after?: string,
): Promise<readonly ValueChange[]> {
  return compareValues(await readMetrics(repository, before), await readMetrics(repository, after));
}

/** See `readParams` in `pipeline/metrics.ts`. */
export async function pipelineParams(repository: Repository, revision?: string): Promise<ValueTable> {
  return readParams(repository, revision);
}

/** As `diffMetrics`, of parameters. */
export async function diffParams(
  repository: Repository,
  before = "HEAD",
  after?: string,
): Promise<readonly ValueChange[]> {
  return compareValues(await readParams(repository, before), await readParams(repository, after));
}

export interface DrawnPlots extends PlotReading {
  /** SVG by the plot's name, of confusion with its revision; of plots that are pictures none. */
  readonly charts: ReadonlyMap<string, string>;
  /** A whole HTML document with all of them. */
  readonly page: string;
}

/** Plots of revisions over each other; undefined is the work tree. Errors: those of `readPlots`. */
export async function drawPlots(
  repository: Repository,
  revisions: readonly (string | undefined)[] = [undefined],
  now = new Date(),
): Promise<DrawnPlots> {
  const readings: PlotReading[] = [];
  for (const revision of new Set(revisions)) readings.push(await readPlots(repository, revision));
  const plots = readings.flatMap((reading) => reading.plots);
  const failures = readings.flatMap((reading) => reading.failures);
  const charts = new Map<string, string>();
  for (const { name, title, plots: group } of groupPlots(plots)) {
    if (group.some(({ image }) => image !== undefined)) continue;
    charts.set(name, await renderChart(titled(plotChart(group), shown(title))));
  }
  const page = await renderPlotsPage({ plots, failures }, { version: await readVersion(), now });
  return { plots, failures, charts, page };
}
