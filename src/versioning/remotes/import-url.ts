/** Data from an address into the repository, with a `.dvc` file that remembers where it came from. */
import { createHash } from "node:crypto";
import { cp, lstat, mkdir, readFile, rename, rm } from "node:fs/promises";
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from "node:path";
import { AppError } from "../../base/errors.ts";
import { writeFileAtomic } from "../../base/files/atomic-file.ts";
import { systemCodeOf, writeFailure } from "../../base/files/file-failure.ts";
import type { Progress } from "../../base/progress.ts";
import { isS3Address, parseS3Address, s3AddressForm } from "../../storage/s3-address.ts";
import { openS3Store } from "../../storage/s3-store.ts";
import { hashPath, type PathContent, storePath } from "../cache/hash-path.ts";
import type { DataEntry } from "../data-hash.ts";
import { type DvcDependency, type DvcFile, type DvcOutput, importMd5, writeDvcFile } from "../formats/dvc-file.ts";
import { readOutputs } from "../outputs.ts";
import { ignoreInGit } from "../repo/git-ignore.ts";
import { openWorkTree } from "../repo/metadata-tree.ts";
import type { Repository } from "../repo/repository.ts";
import { withRepositoryLock } from "../repo/repository-lock.ts";
import { stage } from "../workspace/write-output.ts";
import { openHttpOrigin } from "./http-origin.ts";
import type { ImportOrigin } from "./import-origin.ts";
import { openRemote } from "./open-remote.ts";
import { openPathOrigin } from "./path-origin.ts";
import { s3OptionsOf } from "./s3-settings.ts";
import { openStoreOrigin } from "./store-origin.ts";

export interface ImportUrlOptions {
  /** Where the data goes; the address's last name, in `folder`, unless given. */
  readonly out?: string;
  /** Where relative paths start from; the current folder unless given. */
  readonly folder?: string;
  /** Remember the address and its version alone; `fetchImports` brings the data. */
  readonly noDownload?: boolean;
  /** Replace what is at `out`. */
  readonly force?: boolean;
  readonly jobs?: number;
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
  readonly onWait?: (who: string) => void;
}

export interface Imported {
  /** Absolute. */
  readonly out: string;
  readonly dvcFile: string;
  /** As the `.dvc` file gives it. */
  readonly url: string;
  /** Absent where nothing was downloaded. */
  readonly content?: PathContent;
}

/**
 * Copies or downloads a file or folder from a path of this machine, `http(s)://`, `s3://` or
 * `remote://NAME/...`, adds it to the cache, and writes the `.dvc` file that `dvc import-url` would.
 * Errors: DATA_FEATURE_UNSUPPORTED (another protocol); FILE_EXISTS, DATA_OVERLAP; FILE_NOT_FOUND,
 * DOWNLOAD_FAILED, STORE_FAILED, SOURCE_CHANGED; LOCKED; INTERRUPTED.
 */
export async function importUrl(
  repository: Repository,
  url: string,
  options: ImportUrlOptions = {},
): Promise<Imported> {
  const { folder = ".", signal, onWait } = options;
  const out = await outputPath(url, options);
  requireInside(repository, out);
  const origin = await openOrigin(repository, url, resolve(folder), options);
  try {
    const work = () => importFrom(repository, origin, addressIn(repository, url, resolve(folder), out), out, options);
    return await withRepositoryLock(repository, "pawprint data import-url", work, {
      ...(signal && { signal }),
      ...(onWait && { onWait }),
    });
  } finally {
    await origin.close();
  }
}

async function importFrom(
  repository: Repository,
  origin: ImportOrigin,
  url: string,
  out: string,
  { noDownload = false, force = false, ...options }: ImportUrlOptions,
): Promise<Imported> {
  const dvcFile = `${out}.dvc`;
  await requireFree(repository, out, dvcFile, force);
  const key = createHash("md5").update(`${url}\n${origin.versionKey}`).digest("hex");
  const temporary = join(repository.tempFolder, "pawprint", "imports", key);
  let content: PathContent | undefined;
  if (!noDownload || origin.version === undefined) {
    await mkdir(dirname(temporary), { recursive: true });
    await mkdir(dirname(out), { recursive: true });
    await origin.fetchTo(temporary, options);
    await moveTo(temporary, out);
    content = noDownload ? await hashPath(repository, out, options) : await storePath(repository, out, options);
    if (noDownload) await rm(out, { recursive: true, force: true });
  }
  const path = basename(out);
  const file = importFile(
    { path: url, ...(origin.version ?? (content && entryOf(content))) },
    { path, isCached: true, isPersistent: false, isPushed: true, ...(!noDownload && content && entryOf(content)) },
  );
  const old = await readFile(dvcFile, "utf8").catch(() => undefined);
  await writeFileAtomic(dvcFile, writeDvcFile(file, old), { force: true });
  const ignoring = await ignoreInGit(repository, [out]);
  const { root } = repository;
  await stage(
    repository,
    [...ignoring, dvcFile].map((path) => relative(root, path)),
  );
  return { out, dvcFile, url, ...(!noDownload && content && { content }) };
}

/** An import's file, with the hash of its entries. */
function importFile(dep: DvcDependency, out: DvcOutput): DvcFile {
  const file: DvcFile = { isFrozen: true, workFolder: ".", deps: [dep], outs: [out] };
  return { ...file, md5: importMd5(file) };
}

function entryOf({ hash, sizeBytes, fileCount, files, isExecutable }: PathContent): Omit<DataEntry, "path"> {
  return {
    hash,
    sizeBytes,
    ...(files !== undefined && { fileCount }),
    ...(isExecutable && files === undefined && { isExecutable }),
  };
}

async function openOrigin(
  repository: Repository,
  url: string,
  folder: string,
  { jobs = 16, signal }: ImportUrlOptions,
): Promise<ImportOrigin> {
  if (/^https?:\/\//i.test(url)) return openHttpOrigin(url, signal);
  const [, name, key = ""] = /^remote:\/\/([^/]+)\/*(.*)$/is.exec(url) ?? [];
  if (name !== undefined) {
    const remote = await openRemote(repository, name);
    if (remote.folder !== undefined) return openPathOrigin(join(remote.folder, key));
    return ownStore(remote.store, key, jobs, signal);
  }
  if (isS3Address(url)) {
    const address = parseS3Address(url);
    if (address === undefined) {
      throw new AppError("ARGUMENT_INVALID", { required: s3AddressForm, received: "another text" });
    }
    const connection = await s3OptionsOf({ values: new Map(), where: "the environment" });
    const store = await openS3Store({ bucket: address.bucket, prefix: "" }, { connection });
    return ownStore(store, url.replace(/^s3:\/\/[^/]+\/*/i, ""), jobs, signal);
  }
  const scheme = /^([a-z][a-z0-9+.-]+):\/\//i.exec(url)?.[1];
  if (scheme === undefined || scheme === "file") return openPathOrigin(resolve(folder, url.replace(/^file:\/\//, "")));
  throw new AppError("DATA_FEATURE_UNSUPPORTED", {
    required: "a path, or an address http://, https://, s3:// or remote://",
    received: `the protocol ${scheme}`,
    hint: "use DVC itself for this address, or download the data and add it",
  });
}

async function ownStore(...[store, key, jobs, signal]: Parameters<typeof openStoreOrigin>): Promise<ImportOrigin> {
  try {
    return await openStoreOrigin(store, key, jobs, signal);
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** Into a folder that is there it goes under its own name. */
async function outputPath(url: string, { out, folder = "." }: ImportUrlOptions): Promise<string> {
  const name = basename(url.replace(/[?#].*$/s, "").replace(/\/+$/, ""));
  const path = resolve(folder, out ?? name);
  const isFolder = out !== undefined && (await lstat(path).catch(() => undefined))?.isDirectory() === true;
  return isFolder ? join(path, name) : path;
}

/** Data of this repository is named from the `.dvc` file's folder, other paths as they are given. */
function addressIn({ root }: Repository, url: string, folder: string, out: string): string {
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(url)) return url;
  const path = resolve(folder, url);
  const isInside = path.startsWith(join(root, "/"));
  if (isAbsolute(url) && !isInside) return url;
  return relative(dirname(out), path).split(sep).join("/");
}

function requireInside({ root, dvcFolder }: Repository, out: string): void {
  if (out.startsWith(join(root, "/")) && out !== dvcFolder && !out.startsWith(join(dvcFolder, "/"))) return;
  throw new AppError("ARGUMENT_INVALID", { required: "a path in the repository as `out`", received: out, where: root });
}

async function requireFree(repository: Repository, out: string, dvcFile: string, force: boolean): Promise<void> {
  const { root } = repository;
  const path = relative(root, out).split(sep).join("/");
  for (const { path: other, origin } of await readOutputs(openWorkTree(repository))) {
    const isOwn = join(root, origin.file) === dvcFile;
    const overlaps = other === path || other.startsWith(`${path}/`) || path.startsWith(`${other}/`);
    if (!overlaps || (isOwn && force)) continue;
    throw new AppError("DATA_OVERLAP", {
      required: "a path that nothing tracks yet",
      received: `one that ${origin.file} tracks`,
      where: path,
      hint: isOwn ? "give `force` to import it again" : "choose another path as `out`",
    });
  }
  const isThere = (await lstat(out).catch(() => undefined)) !== undefined;
  if (!isThere || force) return;
  throw new AppError("FILE_EXISTS", {
    required: "a path that is free",
    received: "a file or folder that exists",
    where: out,
    hint: "give `force` to replace it, or another path as `out`",
  });
}

/** In place of what is there, which is removed first. */
async function moveTo(from: string, to: string): Promise<void> {
  try {
    await rm(to, { recursive: true, force: true });
    await rename(from, to);
  } catch (error) {
    if (systemCodeOf(error) !== "EXDEV") throw writeFailure(to, error);
    await cp(from, to, { recursive: true });
    await rm(from, { recursive: true, force: true });
  }
}
