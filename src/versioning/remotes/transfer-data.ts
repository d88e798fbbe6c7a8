/** Data versions between the cache and remotes: what `push` and `fetch` do. */
import type { DataHash } from "../data-hash.ts";
import type { TrackedOutput } from "../outputs.ts";
import type { RevisionChoice } from "../repo/metadata-tree.ts";
import type { Repository } from "../repo/repository.ts";
import { withRepositoryLock } from "../repo/repository-lock.ts";
import { fetchObjects, type TransferOptions, type Transferred } from "./fetch-objects.ts";
import { selectedVersions } from "./gc-versions.ts";
import { openRemote, type Remote } from "./open-remote.ts";
import { outputsOfTargets } from "./outputs-of-targets.ts";
import { pushObjects } from "./push-objects.ts";
import { fetchRunCache, pushRunCache } from "./run-cache-transfer.ts";

export interface DataTransferOptions extends TransferOptions, RevisionChoice {
  /** The name of a remote; each output's own, else the default one, unless given. */
  readonly remote?: string;
  /** The records of past runs of stages, too. */
  readonly runCache?: boolean;
  /** Where relative targets start from; the current folder unless given. */
  readonly folder?: string;
  /** Waits for a command that holds the repository's lock; called once with its description. */
  readonly onWait?: (who: string) => void;
}

/** What went to or came from one remote. */
export interface RemoteTransfer extends Transferred {
  readonly name: string;
  readonly address: string;
  /** Outputs that were looked at, over all versions. */
  readonly outputs: number;
  /** Records of past runs. */
  readonly records: number;
}

export interface DataTransfer {
  readonly remotes: readonly RemoteTransfer[];
  readonly objects: number;
  readonly bytes: number;
  readonly durationMs: number;
}

/**
 * Sends what the targets (paths of data, `.dvc` files, stages; everything where there are none) name
 * in the work tree and in the selected versions. Outputs with `push: false` are left out.
 * Errors: DATA_REMOTE_UNKNOWN, DATA_NOT_TRACKED, LOCKED; those of `pushObjects` and `readOutputs`.
 */
export async function pushData(
  repository: Repository,
  targets: readonly string[],
  options: DataTransferOptions = {},
): Promise<DataTransfer> {
  return transferData(repository, targets, options, "pawprint data push", async (remote, hashes) => ({
    ...(await pushObjects(repository, remote, hashes, options)),
    records: options.runCache === true ? await pushRunCache(repository, remote, options) : 0,
  }));
}

/**
 * Brings what the targets name into the cache; the work tree stays as it is.
 * Errors: as `pushData`, and those of `fetchObjects`.
 */
export async function fetchData(
  repository: Repository,
  targets: readonly string[],
  options: DataTransferOptions = {},
): Promise<DataTransfer> {
  return transferData(repository, targets, options, "pawprint data fetch", async (remote, hashes) => ({
    ...(await fetchObjects(repository, remote, hashes, options)),
    records: options.runCache === true ? await fetchRunCache(repository, remote, options) : 0,
  }));
}

/** As others are told that wait for the lock. */
type TransferCommand = "pawprint data push" | "pawprint data fetch";

type Move = (remote: Remote, hashes: readonly DataHash[]) => Promise<Transferred & { readonly records: number }>;

async function transferData(
  repository: Repository,
  targets: readonly string[],
  options: DataTransferOptions,
  command: TransferCommand,
  move: Move,
): Promise<DataTransfer> {
  const { signal, onWait } = options;
  const start = performance.now();
  const work = async (): Promise<readonly RemoteTransfer[]> => {
    const byRemote = await outputsByRemote(repository, targets, options, command);
    const moved: RemoteTransfer[] = [];
    for (const [name, outputs] of byRemote) moved.push(await transferWith(repository, name, outputs, move));
    return moved;
  };
  const remotes = await withRepositoryLock(repository, command, work, {
    ...(signal && { signal }),
    ...(onWait && { onWait }),
  });
  const sum = (of: (one: RemoteTransfer) => number): number => remotes.reduce((total, one) => total + of(one), 0);
  return {
    remotes,
    objects: sum(({ objects }) => objects),
    bytes: sum(({ bytes }) => bytes),
    durationMs: performance.now() - start,
  };
}

async function transferWith(
  repository: Repository,
  name: string | undefined,
  outputs: readonly TrackedOutput[],
  move: Move,
): Promise<RemoteTransfer> {
  const remote = await openRemote(repository, name);
  try {
    const hashes = outputs.flatMap(({ hash }) => (hash === undefined ? [] : [hash]));
    const moved = await move(remote, hashes);
    return { name: remote.name, address: remote.address, outputs: outputs.length, ...moved };
  } finally {
    await remote.store.close();
  }
}

/** Outputs that are kept in the cache, by the remote that they go to; undefined is the default one. */
async function outputsByRemote(
  repository: Repository,
  targets: readonly string[],
  options: DataTransferOptions,
  command: TransferCommand,
): Promise<ReadonlyMap<string | undefined, readonly TrackedOutput[]>> {
  const chosen = options.remote;
  const byRemote = new Map<string | undefined, TrackedOutput[]>([[chosen, []]]);
  for await (const tree of selectedVersions(repository, options)) {
    for (const output of await outputsOfTargets(repository, tree, targets, options)) {
      const { hash, isCached, isPushed, remote } = output;
      if (hash === undefined || !isCached || (command === "pawprint data push" && !isPushed)) continue;
      // What belongs to another remote than the one that was asked for is left there.
      if (chosen !== undefined && remote !== undefined && remote !== chosen) continue;
      const name = remote ?? chosen;
      const outputs = byRemote.get(name) ?? [];
      outputs.push(output);
      byRemote.set(name, outputs);
    }
  }
  return byRemote;
}
