/** Brings artifacts from one store to another: what is missing, or differs. */
import { createWriteStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { throwIfCancelled } from "../../base/cancel.ts";
import { isAppError } from "../../base/errors.ts";
import { writeFailure } from "../../base/files/file-failure.ts";
import { type Progress, silentProgress } from "../../base/progress.ts";
import type { ArtifactOwner } from "../run.ts";
import type { RunStore } from "../run-store.ts";

export interface FileSource {
  readonly store: Pick<RunStore, "listArtifacts" | "readArtifact">;
  readonly owner: ArtifactOwner;
}

export interface FileTarget {
  readonly store: RunStore;
  readonly owner: ArtifactOwner;
  /** The folder that takes the files; the owner's root unless given. */
  readonly folder?: string;
}

export interface FileDeliveryOptions {
  /** The files that were written anew; all are compared unless given. */
  readonly changed?: ReadonlySet<string>;
  /** Compare contents of large files of the same size, too. */
  readonly comparesAll?: boolean;
  /** The target is known to have none. */
  readonly isNew?: boolean;
  /** What `MLmodel`, which names its run and its model, says in the target. */
  readonly rewrite?: (text: string) => string;
  readonly signal?: AbortSignal;
  readonly progress?: Progress;
}

export interface DeliveredFiles {
  files: number;
  bytes: number;
}

/** Files up to here are compared by content and pass through memory; larger ones through a file. */
const smallBytes = 2 ** 20;

/** Errors: those of both stores; FILE_WRITE_FAILED; INTERRUPTED. */
export async function deliverFiles(
  from: FileSource,
  to: FileTarget,
  options: FileDeliveryOptions = {},
): Promise<DeliveredFiles> {
  const delivered = { files: 0, bytes: 0 };
  const { changed, signal, isNew = false } = options;
  const entries = changed ? [...changed].map((path): Entry => ({ path })) : filesBelow(from, isNew ? undefined : to);
  for await (const entry of entries) {
    throwIfCancelled(signal);
    if (entry.there !== undefined && (await isSame(from, to, entry, options))) continue;
    delivered.files++;
    delivered.bytes += await copyFile(from, to, entry, options);
  }
  return delivered;
}

interface Entry {
  readonly path: string;
  readonly sizeBytes?: number | undefined;
  /** The size that the target has of it. */
  readonly there?: number | undefined;
}

/** The source's files at any depth, each with its size in the target. */
async function* filesBelow(from: FileSource, to: FileTarget | undefined, folder?: string): AsyncGenerator<Entry> {
  const theirs = to === undefined ? [] : await to.store.listArtifacts(to.owner, targetFolder(to, folder));
  const there = new Map(theirs.map((entry) => [entry.path, entry]));
  for (const { path, isFolder, sizeBytes } of await from.store.listArtifacts(from.owner, folder)) {
    const other = to && there.get(targetPath(to, path));
    if (isFolder) yield* filesBelow(from, other?.isFolder ? to : undefined, path);
    // Where a store tells no size, the content decides.
    else if (other === undefined || other.isFolder) yield { path, sizeBytes };
    else yield { path, sizeBytes, there: other.sizeBytes ?? sizeBytes ?? 0 };
  }
}

function targetPath({ folder }: FileTarget, path: string): string {
  return folder === undefined ? path : `${folder}/${path}`;
}

function targetFolder(to: FileTarget, folder: string | undefined): string | undefined {
  return folder === undefined ? to.folder : targetPath(to, folder);
}

async function isSame(
  from: FileSource,
  to: FileTarget,
  { path, sizeBytes, there }: Entry,
  { comparesAll = false, rewrite }: FileDeliveryOptions,
): Promise<boolean> {
  if (sizeBytes !== undefined && sizeBytes !== there) return false;
  if (!comparesAll && (sizeBytes ?? 0) >= smallBytes) return true;
  const theirs = to.store.readArtifact(to.owner, targetPath(to, path));
  if (rewrite !== undefined && isModelFile(path)) {
    return (await wholeOf(theirs)).equals(await rewritten(from, path, rewrite));
  }
  return isSameContent(from.store.readArtifact(from.owner, path), theirs);
}

async function copyFile(
  from: FileSource,
  to: FileTarget,
  { path, sizeBytes }: Entry,
  { rewrite, signal, progress = silentProgress }: FileDeliveryOptions,
): Promise<number> {
  const target = targetPath(to, path);
  if (rewrite !== undefined && isModelFile(path)) {
    const content = await rewritten(from, path, rewrite);
    await to.store.writeArtifact(to.owner, target, content);
    return content.length;
  }
  if (sizeBytes !== undefined && sizeBytes <= smallBytes) {
    const content = await wholeOf(from.store.readArtifact(from.owner, path));
    await to.store.writeArtifact(to.owner, target, content);
    return content.length;
  }
  const task = progress.start({ label: path, unit: "B", ...(sizeBytes !== undefined && { total: sizeBytes }) });
  try {
    const bytes = await throughFile(
      from,
      path,
      signal,
      async (file) => {
        await to.store.writeArtifact(to.owner, target, { file });
      },
      (count) => task.advance(count),
    );
    task.done();
    return bytes;
  } catch (error) {
    task.fail();
    throw error;
  }
}

/** Keeps the source's content in a file while `use` works with it; gives its length. */
async function throughFile(
  { store, owner }: FileSource,
  path: string,
  signal: AbortSignal | undefined,
  use: (file: string) => Promise<void>,
  onBytes: (count: number) => void,
): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), "pawprint-artifact-"));
  const file = join(folder, "content");
  let bytes = 0;
  async function* counted(): AsyncGenerator<Uint8Array> {
    for await (const chunk of store.readArtifact(owner, path)) {
      throwIfCancelled(signal);
      bytes += chunk.length;
      onBytes(chunk.length);
      yield chunk;
    }
  }
  try {
    await pipeline(counted(), createWriteStream(file)).catch((error: unknown) => {
      throw isAppError(error) ? error : writeFailure(file, error);
    });
    await use(file);
    return bytes;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function isModelFile(path: string): boolean {
  return basename(path) === "MLmodel";
}

async function rewritten(
  { store, owner }: FileSource,
  path: string,
  rewrite: (text: string) => string,
): Promise<Buffer> {
  return Buffer.from(rewrite((await wholeOf(store.readArtifact(owner, path))).toString("utf8")));
}

async function wholeOf(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return Buffer.concat(parts);
}

/** Reads both no further than to where they differ. */
async function isSameContent(a: AsyncIterable<Uint8Array>, b: AsyncIterable<Uint8Array>): Promise<boolean> {
  const others = b[Symbol.asyncIterator]();
  let rest: Uint8Array = new Uint8Array();
  try {
    for await (let chunk of a) {
      while (chunk.length > 0) {
        if (rest.length === 0) {
          const next = await others.next();
          if (next.done) return false;
          rest = next.value;
        }
        const count = Math.min(chunk.length, rest.length);
        if (Buffer.compare(chunk.subarray(0, count), rest.subarray(0, count)) !== 0) return false;
        chunk = chunk.subarray(count);
        rest = rest.subarray(count);
      }
    }
    while (rest.length === 0) {
      const next = await others.next();
      if (next.done) return true;
      rest = next.value;
    }
    return false;
  } finally {
    await others.return?.();
  }
}
