/** Brings the work tree to what `.dvc` files and dvc.lock name. */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { Readable } from "node:stream";
import { AppError, isAppError } from "../../base/errors.ts";
import { type CheckoutChanges, type CheckoutOptions, checkoutPath } from "../cache/checkout-path.ts";
import { putObject, readTree } from "../cache/object-cache.ts";
import { isFolderHash } from "../data-hash.ts";
import { encodeTree } from "../formats/dir-object.ts";
import { hasOwnName, readOutputs, type TrackedOutput } from "../outputs.ts";
import { filesInGit } from "../repo/git-index.ts";
import { openWorkTree } from "../repo/metadata-tree.ts";
import type { Repository } from "../repo/repository.ts";
import { withRepositoryLock } from "../repo/repository-lock.ts";
import type { TrackedDataOptions } from "./data-options.ts";
import { fromRoot, resolveTargets, type Target } from "./targets.ts";
import { noteWorkPaths, readWorkPaths, writeWorkPaths } from "./work-paths.ts";

export interface CheckoutDataOptions extends TrackedDataOptions {
  /** Give up files that no version has. */
  readonly force?: boolean;
  /** Make links anew. */
  readonly relink?: boolean;
}

export interface CheckedOut extends CheckoutChanges {
  readonly path: string;
}

/**
 * What changed, output by output. Errors: DATA_NOT_TRACKED, LOCKED; those of `checkoutPath`, after
 * all outputs that can be checked out are.
 */
export async function checkoutData(
  repository: Repository,
  targets: readonly string[] = [],
  options: CheckoutDataOptions = {},
): Promise<readonly CheckedOut[]> {
  return withRepositoryLock(
    repository,
    "pawprint data checkout",
    () => checkoutTargets(repository, targets, options),
    options,
  );
}

/** As `checkoutData`, under a lock that is held already. */
export async function checkoutTargets(
  repository: Repository,
  targets: readonly string[],
  { folder = ".", glob = false, ...options }: CheckoutDataOptions,
): Promise<readonly CheckedOut[]> {
  const outputs = await readOutputs(openWorkTree(repository));
  const done: CheckedOut[] = targets.length === 0 ? [...(await removeForgotten(repository, outputs, options))] : [];
  const noted: string[] = [];
  let failure: unknown;
  for (const target of resolveTargets(repository, outputs, targets, { folder, glob })) {
    try {
      const changes = await checkoutTarget(repository, target, options);
      if (changes === undefined) continue;
      done.push({ path: pathOf(target), ...changes });
      noted.push(target.output.path);
    } catch (error) {
      if (options.signal?.aborted) throw error;
      failure ??= error;
    }
  }
  await noteWorkPaths(repository, noted);
  if (failure !== undefined) throw failure;
  return done;
}

function pathOf({ output, inside }: Target): string {
  return inside === undefined ? output.path : `${output.path}/${inside}`;
}

/** Undefined for what is not kept in the cache, or was never made. */
async function checkoutTarget(
  repository: Repository,
  { output, inside }: Target,
  options: CheckoutOptions,
): Promise<CheckoutChanges | undefined> {
  const { hash, isCached, isExecutable = false, path } = output;
  if (hash === undefined || !isCached) return undefined;
  const absolute = join(repository.root, path);
  if (inside === undefined || !isFolderHash(hash)) {
    return checkoutPath(repository, absolute, hash, { ...options, isExecutable });
  }
  // A part is a folder or file of its own: files in it that are not recorded go, as in the whole.
  const files = await readTree(repository, hash);
  const file = files.find((one) => one.path === inside);
  if (file) return checkoutPath(repository, join(absolute, inside), { ...hash, md5: file.md5 }, options);
  const part = files.filter((one) => one.path.startsWith(`${inside}/`));
  if (part.length === 0) {
    throw new AppError("DATA_NOT_TRACKED", {
      required: `a file or folder that the recorded ${path} holds`,
      received: `'${inside.slice(0, 200)}'`,
      hint: `look at what differs with \`pawprint data status ${path}\``,
    });
  }
  const { md5, bytes } = encodeTree(part.map((one) => ({ ...one, path: one.path.slice(inside.length + 1) })));
  const partHash = { ...hash, md5 };
  await putObject(repository, partHash, Readable.from([bytes]), options.signal);
  return checkoutPath(repository, join(absolute, inside), partHash, options);
}

/**
 * Data that this clone has checked out, and that nothing tracks any longer: the version that did was
 * left behind. It goes where the cache has all of it; what the user made or changed stays.
 */
async function removeForgotten(
  repository: Repository,
  outputs: readonly TrackedOutput[],
  options: CheckoutOptions,
): Promise<readonly CheckedOut[]> {
  const known = readWorkPaths(repository);
  const isFree = (path: string): boolean =>
    !outputs.some((one) => one.path === path || isBelow(one.path, path) || isBelow(path, one.path));
  const forgotten = [...known].filter(isFree);
  const removed: CheckedOut[] = [];
  for (const path of forgotten) {
    const absolute = resolve(repository.root, path);
    if (hasOwnName(path) || fromRoot(repository, absolute) !== path || path === "" || path.startsWith("..")) continue;
    if (!existsSync(absolute) || (await filesInGit(repository, [path])).length > 0) continue;
    try {
      const changes = await checkoutPath(repository, absolute, undefined, { ...options, force: false });
      removed.push({ path, ...changes });
    } catch (error) {
      if (!isAppError(error, "DATA_UNSAVED")) throw error;
    }
  }
  if (forgotten.length > 0)
    await writeWorkPaths(
      repository,
      [...known].filter((path) => !forgotten.includes(path)),
    );
  return removed;
}

function isBelow(path: string, folder: string): boolean {
  return path.startsWith(`${folder}/`);
}
