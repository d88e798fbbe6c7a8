/** The content of a data version, without a check-out: from the cache, else from the remote. */
import { createHash } from "node:crypto";
import { createReadStream, existsSync } from "node:fs";
import { symlink } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { AppError, isAppError } from "../../base/errors.ts";
import { ensureFolder } from "../../base/files/atomic-file.ts";
import { readFailure, writeFailure } from "../../base/files/file-failure.ts";
import { isInCache, objectPath, readObject, readTree, setAside } from "../cache/object-cache.ts";
import { type DataHash, isFolderHash, type TreeFile } from "../data-hash.ts";
import { outputAround, readOutputs, type TrackedOutput } from "../outputs.ts";
import { fetchObjects } from "../remotes/fetch-objects.ts";
import { openRemote } from "../remotes/open-remote.ts";
import { openRevision, openWorkTree } from "../repo/metadata-tree.ts";
import { openRepository } from "../repo/open-repository.ts";
import type { Repository } from "../repo/repository.ts";
import { fromRoot } from "../workspace/targets.ts";
import type { VersionAddress } from "./version-address.ts";

/** What names the content of a folder or file that is data. */
export interface DataVersion {
  /** Of a folder it ends in `.dir`; for a part of it, that of the whole. */
  readonly md5: string;
  /** Of the output, from the repository's root. */
  readonly path: string;
  /** A path inside the output. */
  readonly inside?: string;
  /** The `.dvc` file, or the dvc.yaml whose stage makes it. */
  readonly file: string;
  /** As it was asked for. */
  readonly revision?: string;
  /** Of the revision. */
  readonly commit?: string;
}

export interface OpenedVersion {
  readonly version: DataVersion;
  /** Of a folder; their content is in the cache. */
  readonly files?: readonly TreeFile[];
  /** A file's content under its own name, for what tells kinds by names. */
  readonly file?: string;
  /** Checked by its hash. Errors: DATA_OBJECT_CORRUPT, DATA_OBJECT_MISSING, FILE_READ_FAILED. */
  read(md5: string, mostBytes: number): Promise<Uint8Array>;
  /** The object's path in the cache. */
  pathOf(md5: string): string;
}

/**
 * Errors: DATA_REPOSITORY_MISSING, GIT_REVISION_UNKNOWN, DATA_NOT_TRACKED, DATA_OBJECT_MISSING; those
 * of `readOutputs` and of fetching.
 */
export async function openVersion(location: string, address: VersionAddress): Promise<OpenedVersion> {
  const { path, revision } = address;
  const repository = await openRepository(dirname(resolve(path)));
  const tree = revision === undefined ? openWorkTree(repository) : await openRevision(repository, revision);
  const target = fromRoot(repository, resolve(path));
  const outputs = await readOutputs(tree);
  const output = outputs.find(({ origin }) => origin.file === target) ?? outputAround(outputs, target);
  if (output?.hash === undefined) throw notTracked(location, path, revision);
  const inside =
    output.path === target || output.origin.file === target ? undefined : target.slice(output.path.length + 1);
  const { hash } = output;
  await fetchMissing(repository, output, hash, location);
  const version: DataVersion = {
    md5: hash.md5,
    path: output.path,
    ...(inside !== undefined && { inside }),
    file: output.origin.file,
    ...(revision !== undefined && { revision }),
    ...(tree.commit !== undefined && { commit: tree.commit }),
  };
  const hashOf = (md5: string): DataHash => ({ md5, algorithm: hash.algorithm });
  const opened = {
    version,
    read: (md5: string, mostBytes: number) => readObject(repository, hashOf(md5), mostBytes),
    pathOf: (md5: string) => objectPath(repository, hashOf(md5)),
  };
  if (!isFolderHash(hash)) return { ...opened, file: await namedFile(repository, output.path, hash) };
  const files = await readTree(repository, hash);
  if (inside === undefined) return { ...opened, files };
  const file = files.find((one) => one.path === inside);
  if (file !== undefined) return { ...opened, file: await namedFile(repository, inside, hashOf(file.md5)) };
  const part = files.flatMap((one) =>
    one.path.startsWith(`${inside}/`) ? [{ ...one, path: one.path.slice(inside.length + 1) }] : [],
  );
  if (part.length === 0) throw notTracked(location, path, revision);
  return { ...opened, files: part };
}

function notTracked(location: string, path: string, revision: string | undefined): AppError {
  const isPlain = revision === undefined;
  return new AppError("DATA_NOT_TRACKED", {
    required: isPlain ? "data that is tracked" : `data that is tracked at ${revision}`,
    received: path,
    where: location,
    hint: "look at what is tracked with `pawprint data status`; other versions with 'git log' of the .dvc file",
  });
}

/** What the cache lacks comes from the remote; a folder's hash stands for its files too. */
async function fetchMissing(
  repository: Repository,
  output: TrackedOutput,
  hash: DataHash,
  where: string,
): Promise<void> {
  if (await isInCache(repository, hash)) return;
  let remote: Awaited<ReturnType<typeof openRemote>>;
  try {
    remote = await openRemote(repository, output.remote);
  } catch (error) {
    if (!isAppError(error, "DATA_REMOTE_UNKNOWN")) throw error;
    throw new AppError("DATA_OBJECT_MISSING", {
      required: "the content of the data version in the cache, or a remote to fetch it from",
      received: `neither of ${hash.md5}`,
      where,
      hint: "add a remote to the configuration, or add the data on this machine again",
    });
  }
  try {
    await fetchObjects(repository, remote, [hash]);
  } finally {
    await remote.store.close();
  }
}

/** Read as a stream: an archive may be larger than memory. Errors: FILE_READ_FAILED. */
async function md5Of(path: string): Promise<string> {
  const hash = createHash("md5");
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk);
  } catch (error) {
    throw readFailure(path, error);
  }
  return hash.digest("hex");
}

/** A link to a checked object, under the name that the file has in the work tree. */
async function namedFile(repository: Repository, path: string, hash: DataHash): Promise<string> {
  const object = objectPath(repository, hash);
  const md5 = await md5Of(object);
  if (hash.algorithm === "md5" && md5 !== hash.md5) throw await setAside(object, hash.md5, md5);
  const folder = join(repository.tempFolder, "pawprint", "named", hash.md5);
  const link = join(folder, basename(path));
  if (existsSync(link)) return link;
  await ensureFolder(folder);
  await symlink(object, link).catch((error: unknown) => {
    if (!existsSync(link)) throw writeFailure(link, error);
  });
  return link;
}
