/** The lineage of what people name: an alias, a version, or a bundle; and of what a service serves. */
import { AppError } from "../../base/errors.ts";
import { sha256 } from "../../base/hash.ts";
import { parseBundle } from "../../bundle/bundle.ts";
import type { BundleFile } from "../../bundle/bundle-file.ts";
import type { SourcedBundle } from "../../bundle/bundle-source.ts";
import { findVersion, type RegisteredAddress } from "../locate-model.ts";
import { isModelAddress, parseModelAddress } from "../model-address.ts";
import type { ModelRegistry, ModelVersion } from "../model-registry.ts";
import { findVersions } from "./find-versions.ts";
import {
  type LineageBundle,
  type LineageGraph,
  type LineageService,
  type LineageStart,
  type LineageStores,
  lineageGraph,
} from "./lineage-graph.ts";

export interface LineageReader extends Required<Pick<LineageStores, "registry" | "store">> {
  readonly folder?: string;
  readBundle(version: ModelVersion): Promise<SourcedBundle>;
}

/** Errors: MODEL_NOT_REGISTERED, MODEL_VERSION_NOT_FOUND; those of the stores. */
export async function registeredLineage(reader: LineageReader, address: RegisteredAddress): Promise<LineageGraph> {
  const version = await findVersion(address, reader.registry);
  const asked = { version, ...(address.kind === "alias" && { alias: address.alias }) };
  return lineageGraph([{ bundle: await bundleOf(reader, version), versions: [version], asked }], reader);
}

/** Errors: those of the stores. */
export async function bundleLineage(reader: LineageReader, file: BundleFile): Promise<LineageGraph> {
  const { digest, lineage } = file.info;
  const versions = await findVersions(reader.registry, {
    sha256: file.sha256,
    runId: lineage.runId,
    ...(digest !== undefined && { digest }),
  });
  return lineageGraph([{ bundle: factsOf(file.sha256, file), versions }], reader);
}

/** The bundle of a version; a file that is gone, changed or no bundle is a gap in the chain, no error. */
async function bundleOf(reader: LineageReader, version: ModelVersion): Promise<LineageStart["bundle"]> {
  try {
    const { bytes, where } = await reader.readBundle(version);
    return factsOf(sha256(bytes), { info: parseBundle(bytes, where) });
  } catch (error) {
    if (!(error instanceof AppError) || error.kind === "internal" || error.code === "INTERRUPTED") throw error;
    return { missing: `cannot be read: ${error.summary}` };
  }
}

function factsOf(hash: string, { info, path }: Pick<BundleFile, "info"> & { readonly path?: string }): LineageBundle {
  const { digest, lineage, evaluation } = info;
  return {
    sha256: hash,
    lineage,
    evaluation,
    ...(digest !== undefined && { digest }),
    ...(path !== undefined && { where: path }),
  };
}

/** What a service says of one bundle that it serves. */
export interface ServedBundle extends LineageService {
  /** All 64 digits, or the first 12 that services of earlier versions give. */
  readonly sha256: string;
  readonly lineage: LineageBundle["lineage"];
  readonly evaluation?: LineageBundle["evaluation"];
}

/**
 * The chains of what a service serves. The registered version is the one whose address the service
 * reads from, else the one with the bundle's hash, else those of its run; where the registry knows
 * none, or cannot be reached, what the service itself says stands.
 * Errors: those of the stores, other than TRACKING_UNAVAILABLE.
 */
export async function servedLineage(served: readonly ServedBundle[], stores: LineageStores): Promise<LineageGraph> {
  let reached = stores;
  const starts: LineageStart[] = [];
  for (const { sha256: hash, lineage, evaluation, ...service } of served) {
    let versions: readonly ModelVersion[] = [];
    if (reached.registry !== undefined) {
      try {
        versions = await versionsOf(reached.registry, service.source, hash, lineage.runId);
      } catch (error) {
        if (!(error instanceof AppError) || error.code !== "TRACKING_UNAVAILABLE") throw error;
        const { folder } = stores;
        reached = { fault: error.summary, ...(folder !== undefined && { folder }) };
      }
    }
    const bundle = { sha256: hash, lineage, ...(evaluation && { evaluation }) };
    starts.push({ bundle, versions, services: [service] });
  }
  return lineageGraph(starts, reached);
}

async function versionsOf(
  registry: ModelRegistry,
  source: string,
  hash: string,
  runId: string | undefined,
): Promise<readonly ModelVersion[]> {
  const named = await namedVersion(registry, source);
  if (named !== undefined) return [named];
  return findVersions(registry, { sha256: hash, ...(runId !== undefined && { runId }) });
}

/** `models:/NAME/7`, if this registry has it: the service may use another one. */
async function namedVersion(registry: ModelRegistry, source: string): Promise<ModelVersion | undefined> {
  if (!isModelAddress(source)) return undefined;
  try {
    const address = parseModelAddress(source);
    return address.kind === "version" ? await registry.getVersion(address.name, address.version) : undefined;
  } catch (error) {
    if (error instanceof AppError && (error.kind === "missing" || error.kind === "invalid")) return undefined;
    throw error;
  }
}
