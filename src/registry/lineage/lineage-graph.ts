/** The graph of where a bundle comes from and where it serves, from what stores and services say. */

import { resolve } from "node:path";
import type { BuildInfo } from "../../base/build-info.ts";
import { AppError, isAppError } from "../../base/errors.ts";
import { counted } from "../../base/quantity.ts";
import type { BundleInfo, Lineage } from "../../bundle/bundle.ts";
import { defaultProportions } from "../../dataset/split.ts";
import { isS3Address } from "../../storage/s3-address.ts";
import { profileRows } from "../../tracking/dataset-profile.ts";
import type { Run } from "../../tracking/run.ts";
import type { RunStore } from "../../tracking/run-store.ts";
import { checkedOutVersion } from "../../versioning/versions/checked-out.ts";
import { type ModelRegistry, type ModelVersion, versionTags } from "../model-registry.ts";
import { promotedTagStart } from "../promotion/move-alias.ts";

/** From the beginning of the chain to its end. */
export const lineageKinds = [
  "data version",
  "pictures",
  "splits",
  "commit",
  "pipeline",
  "backbone",
  "run",
  "bundle",
  "version",
  "alias",
  "code",
  "service",
] as const;
export type LineageKind = (typeof lineageKinds)[number];

export interface LineageNode {
  readonly id: string;
  readonly kind: LineageKind;
  readonly name: string;
  /** What is known of it, in the order in which it is shown. */
  readonly facts: Readonly<Record<string, string>>;
  /** Why no more is known: the chain is named here, and cannot be followed. */
  readonly missing?: string;
}

/** In the direction in which things were made: from pictures to services. */
export interface LineageEdge {
  readonly from: string;
  readonly to: string;
  /** Where it is not plain: "logged". */
  readonly label?: string;
}

export interface LineageGraph {
  /** The nodes that the chain was asked for; it is followed back from them. */
  readonly roots: readonly string[];
  readonly nodes: readonly LineageNode[];
  readonly edges: readonly LineageEdge[];
}

/** A bundle as its file, the registry or a service knows it. */
export interface LineageBundle {
  readonly sha256: string;
  readonly digest?: string;
  readonly lineage: Partial<BundleInfo["lineage"]>;
  readonly evaluation?: BundleInfo["evaluation"];
  /** A file's path. */
  readonly where?: string;
}

/** Where a bundle serves. */
export interface LineageService {
  readonly url: string;
  readonly role: string;
  readonly source: string;
  readonly since: string;
  /** What it runs; absent where it does not say. */
  readonly code?: BuildInfo;
}

/** What the chain begins with: a bundle, or a version whose bundle cannot be read, for a reason. */
export interface LineageStart {
  readonly bundle: LineageBundle | { readonly missing: string };
  readonly versions: readonly ModelVersion[];
  /** The alias or the version that was asked for; the bundle unless given. */
  readonly asked?: { readonly version: ModelVersion; readonly alias?: string };
  readonly services?: readonly LineageService[];
}

/** Absent where nothing could be reached: then `fault` says why. */
export interface LineageStores {
  readonly registry?: ModelRegistry;
  readonly store?: RunStore;
  readonly fault?: string;
  /** Where relative paths of data start from; the current folder unless given. */
  readonly folder?: string;
}

/** Errors: those of the stores, but for runs that are not there: they are shown as missing. */
export async function lineageGraph(starts: readonly LineageStart[], stores: LineageStores): Promise<LineageGraph> {
  const nodes = new Map<string, LineageNode>();
  const edges = new Map<string, LineageEdge>();
  const add = (node: LineageNode): string => {
    if (!nodes.has(node.id)) nodes.set(node.id, node);
    return node.id;
  };
  const join = (from: string, to: string, label?: string): void => {
    edges.set(`${from}\n${to}`, { from, to, ...(label !== undefined && { label }) });
  };
  const roots = new Set<string>();
  for (const start of starts) roots.add(await addChain(start, stores, add, join));
  return { roots: [...roots], nodes: [...nodes.values()], edges: [...edges.values()] };
}

type Add = (node: LineageNode) => string;
type Join = (from: string, to: string, label?: string) => void;

/** The id of the node that was asked for. */
async function addChain(start: LineageStart, stores: LineageStores, add: Add, join: Join): Promise<string> {
  const { bundle, versions, asked, services = [] } = start;
  const node = bundleNode(bundle, asked?.version ?? versions[0]);
  const bundleId = add(node);
  let root = bundleId;
  for (const version of versions) {
    const versionId = add(versionNode(version));
    join(bundleId, versionId);
    if (asked?.version.version === version.version && asked.version.name === version.name) root = versionId;
    for (const alias of version.aliases) {
      const aliasId = add({
        id: `alias ${version.name}@${alias}`,
        kind: "alias",
        name: `${version.name}@${alias}`,
        facts: {},
      });
      join(versionId, aliasId);
      if (asked?.alias === alias && root === versionId) root = aliasId;
    }
  }
  for (const { url, role, source, since, code } of services) {
    root = add({ id: `service ${url} ${role}`, kind: "service", name: url, facts: { role, source, since } });
    if (code !== undefined) join(add(codeNode(url, code)), root);
    join(bundleId, root);
  }
  await addOrigin(bundle, versions, bundleId, stores, add, join);
  return root;
}

/** The runs that the bundle and its versions name, and what they were made from. */
async function addOrigin(
  bundle: LineageStart["bundle"],
  versions: readonly ModelVersion[],
  bundleId: string,
  stores: LineageStores,
  add: Add,
  join: Join,
): Promise<void> {
  const lineage = "missing" in bundle ? {} : bundle.lineage;
  const trained = lineage.runId === undefined ? undefined : await findRun(stores, lineage.runId);
  if (lineage.runId !== undefined) {
    const runId = add(runNode(lineage.runId, trained));
    join(runId, bundleId);
    await addSources(lineage, typeof trained === "object" ? trained : undefined, runId, stores, add, join);
  } else if (Object.keys(lineage).length > 0) {
    await addSources(lineage, undefined, bundleId, stores, add, join);
  }
  for (const { name, version, runId } of versions) {
    if (runId === undefined || runId === "" || runId === lineage.runId) continue;
    if (typeof trained === "object" && trained.id === runId) continue;
    const logged = await findRun(stores, runId);
    const loggedId = add(runNode(runId, logged));
    join(loggedId, `version ${name}/${version}`, "logged");
    // Without a bundle to ask, that run is all there is.
    if (lineage.runId === undefined && typeof logged === "object") {
      await addSources({}, logged, loggedId, stores, add, join);
    }
  }
}

/** Pictures, splits and commit of a run, or of a bundle whose run is not known. */
async function addSources(
  lineage: Partial<BundleInfo["lineage"]>,
  run: Run | undefined,
  to: string,
  { folder }: LineageStores,
  add: Add,
  join: Join,
): Promise<void> {
  const hash = lineage.datasetHash ?? run?.tags.get("pawprint.dataset_hash");
  if (hash !== undefined) {
    const { source } = lineage;
    const pictures = add({
      id: `pictures ${hash}`,
      kind: "pictures",
      name: source ?? shortHash(hash),
      facts: { hash },
    });
    const splits = add({
      id: `splits ${hash} ${to}`,
      kind: "splits",
      name: splitText(lineage.splits),
      facts: splitCounts(run),
    });
    join(pictures, splits);
    join(splits, to);
    const data = lineage.data ?? (source === undefined ? undefined : await versionNow(source, folder));
    if (data !== undefined) join(add(dataNode(data)), pictures);
  }
  if (lineage.pipeline !== undefined) {
    const { stage, lock } = lineage.pipeline;
    const facts = lock === undefined ? {} : { lock: `sha256 ${lock}` };
    join(add({ id: `pipeline ${stage} ${lock ?? ""}`, kind: "pipeline", name: stage, facts }), to);
  }
  if (lineage.backbone !== undefined) {
    const { name, sha256, ...facts } = lineage.backbone;
    join(add({ id: `backbone ${sha256}`, kind: "backbone", name, facts: { sha256, ...facts } }), to);
  }
  const commit = run?.tags.get("mlflow.source.git.commit") ?? lineage.gitCommit;
  if (commit === undefined) return;
  const fact = (name: string, tag: string): Record<string, string> => {
    const value = run?.tags.get(tag);
    return value === undefined ? {} : { [name]: value };
  };
  const isDirty = run?.tags.get("pawprint.git_dirty") === "true";
  const facts = {
    ...fact("branch", "mlflow.source.git.branch"),
    ...fact("repository", "mlflow.source.git.repoURL"),
    ...(isDirty && { changes: "uncommitted: the run's artifact git/diff.patch" }),
  };
  join(add({ id: `commit ${commit} ${isDirty ? to : ""}`, kind: "commit", name: commit, facts }), to);
}

/** Of a bundle that names none: the version that the source has now. */
async function versionNow(source: string, folder = "."): Promise<Lineage["data"]> {
  return isS3Address(source) ? undefined : checkedOutVersion(resolve(folder, source));
}

function dataNode({ md5, path, file, commit, isClean }: NonNullable<Lineage["data"]>): LineageNode {
  const facts = {
    path,
    md5,
    ...(commit !== undefined && { commit }),
    ...(!isClean && { changes: "the pictures were changed since, or that was not known" }),
  };
  return { id: `data ${file} ${md5}`, kind: "data version", name: file, facts };
}

function bundleNode(bundle: LineageStart["bundle"], version: ModelVersion | undefined): LineageNode {
  if ("missing" in bundle) {
    const hash = version?.tags.get(versionTags.sha256);
    return {
      id: `bundle of ${version?.name}/${version?.version}`,
      kind: "bundle",
      name: hash === undefined ? (version?.source ?? "unknown") : shortHash(hash),
      facts: hash === undefined ? {} : { sha256: hash },
      missing: bundle.missing,
    };
  }
  const { sha256, digest, where, lineage, evaluation = {} } = bundle;
  const { accuracy, split } = evaluation;
  return {
    id: `bundle ${sha256}`,
    kind: "bundle",
    name: where ?? shortHash(sha256),
    facts: {
      sha256,
      ...(digest !== undefined && { digest }),
      ...(lineage.createdAt !== undefined && { made: lineage.createdAt }),
      ...(typeof accuracy === "number" && { accuracy: `${accuracy.toFixed(4)} on ${split ?? "its"} pictures` }),
    },
  };
}

/** The program that a service runs, and the image that it came in. */
function codeNode(url: string, { version, tag, commit, imageDigest }: BuildInfo): LineageNode {
  const facts = {
    ...(tag !== undefined && { tag }),
    ...(commit !== undefined && { commit }),
    ...(imageDigest !== undefined && { image: imageDigest }),
  };
  return { id: `code ${url}`, kind: "code", name: `pawprint ${version}`, facts };
}

function versionNode({ name, version, createdMs, source, tags }: ModelVersion): LineageNode {
  const promoted = [...tags].filter(([key]) => key.startsWith(promotedTagStart));
  return {
    id: `version ${name}/${version}`,
    kind: "version",
    name: `${name}/${version}`,
    facts: {
      registered: new Date(createdMs).toISOString(),
      source,
      ...Object.fromEntries(promoted.map(([key, value]) => [`to ${key.slice(promotedTagStart.length)}`, value])),
    },
  };
}

/** The run, or why it is not known. */
async function findRun({ store, fault }: LineageStores, id: string): Promise<Run | string> {
  if (store === undefined) return `not looked up: ${fault ?? "no store of runs"}`;
  try {
    return await store.getRun(id);
  } catch (error) {
    // An id of another program may be none that the store could hold.
    if (isAppError(error, "RUN_NOT_FOUND") || isAppError(error, "TRACKING_VALUE_INVALID")) {
      return `not in ${store.location}`;
    }
    if (error instanceof AppError && error.code === "TRACKING_UNAVAILABLE") return `not looked up: ${error.summary}`;
    throw error;
  }
}

function runNode(id: string, run: Run | string | undefined): LineageNode {
  if (typeof run !== "object") return { id: `run ${id}`, kind: "run", name: id, facts: {}, missing: run ?? "unknown" };
  const ended = run.endedMs === undefined ? {} : { ended: new Date(run.endedMs).toISOString() };
  return {
    id: `run ${run.id}`,
    kind: "run",
    name: run.id,
    facts: {
      name: run.name,
      status: run.lifecycle === "deleted" ? `${run.status}, deleted` : run.status,
      started: new Date(run.startedMs).toISOString(),
      ...ended,
      ...(run.user !== "" && { user: run.user }),
    },
  };
}

function splitText(splits: BundleInfo["lineage"]["splits"]): string {
  const { proportions = defaultProportions, salt, fold } = splits ?? {};
  const percent = (share: number): string => `${Number((100 * share).toPrecision(3))} %`;
  const cut = `train ${percent(proportions.train)}, val ${percent(proportions.val)}, test ${percent(proportions.test)}`;
  const folds = fold === undefined ? "" : `, fold ${fold.index + 1} of ${fold.count}`;
  return `${cut}${folds}${salt === undefined ? "" : `, salt ${salt}`}`;
}

/** Counts of pictures by split, from the datasets that the run names. */
function splitCounts(run: Run | undefined): Record<string, string> {
  const counts: Record<string, string> = {};
  for (const { tags, profile } of run?.inputs ?? []) {
    const context = tags.get("mlflow.data.context");
    const rows = profileRows(profile);
    if (context === undefined || !/^(training|validation|testing)$/.test(context) || rows === undefined) continue;
    counts[context] ??= counted(rows, "picture");
  }
  return counts;
}

/** As many digits as tell hashes apart. */
export function shortHash(hash: string): string {
  return hash.slice(0, 12);
}
