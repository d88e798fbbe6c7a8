/** Spreads work on files over threads, in batches. */
import { lstatSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { throwIfCancelled } from "../../base/cancel.ts";
import { writeFailure } from "../../base/files/file-failure.ts";
import { cpuLimit } from "../../base/machine/cpu-limit.ts";
import type { Progress } from "../../base/progress.ts";
import { openThread } from "../../base/threads/thread.ts";
import { doTask, type FileResult, type FileTask } from "./file-work.ts";
import type { WorkPlace } from "./work-place.ts";

export interface SizedTask {
  readonly task: FileTask;
  readonly sizeBytes: number;
}

export interface TaskOptions {
  /** What is being done, for the progress. */
  readonly label: string;
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
}

/** A batch is one message to a thread. */
const batchFiles = 500;
const batchBytes = 32 << 20;
/** So few files take less time than a thread takes to start. */
const inlineFiles = 300;
const inlineBytes = 8 << 20;

/**
 * Results in the order of the tasks. Errors: INTERRUPTED; the first of the tasks', after those under
 * way have ended.
 */
export async function runTasks(
  tasks: readonly SizedTask[],
  place: WorkPlace,
  { label, progress, signal }: TaskOptions,
): Promise<readonly FileResult[]> {
  throwIfCancelled(signal);
  if (tasks.length === 0) return [];
  if (tasks[0]?.task.kind !== "hash") for (const folder of [place.objectTemp, place.fileTemp]) prepareFolder(folder);
  const totalBytes = tasks.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const isSmall = tasks.length <= inlineFiles && totalBytes <= inlineBytes;
  const bar = isSmall
    ? undefined
    : progress?.start({ label, total: totalBytes || tasks.length, unit: totalBytes ? "B" : "files" });
  try {
    const advance = (batch: readonly SizedTask[]): void =>
      bar?.advance(totalBytes ? batch.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) : batch.length);
    const results = isSmall ? await runHere(tasks, place, signal) : await runInThreads(tasks, place, signal, advance);
    bar?.done(`${tasks.length} files`);
    return results;
  } catch (error) {
    bar?.fail();
    throw error;
  }
}

/** No file is written for so long. */
const staleMs = 24 * 3_600_000;

/** Makes a folder of temporary files; those that a process left behind, which was killed, go. */
function prepareFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true });
    for (const name of readdirSync(path)) {
      const file = join(path, name);
      const stats = lstatSync(file, { throwIfNoEntry: false });
      if (stats?.isDirectory() === false && Date.now() - stats.ctimeMs > staleMs) rmSync(file, { force: true });
    }
  } catch (error) {
    throw writeFailure(path, error);
  }
}

async function runHere(
  tasks: readonly SizedTask[],
  place: WorkPlace,
  signal?: AbortSignal,
): Promise<readonly FileResult[]> {
  const results: FileResult[] = [];
  for (const { task } of tasks) {
    if (results.length % 16 === 15) await turn();
    throwIfCancelled(signal);
    results.push(doTask(task, place));
  }
  return results;
}

async function runInThreads(
  tasks: readonly SizedTask[],
  place: WorkPlace,
  signal: AbortSignal | undefined,
  advance: (batch: readonly SizedTask[]) => void,
): Promise<readonly FileResult[]> {
  const batches = batchesOf(tasks);
  const results: (readonly FileResult[])[] = [];
  const threads = Array.from({ length: Math.min(cpuLimit(), batches.length) }, () =>
    openThread<readonly FileTask[], readonly FileResult[]>(new URL("./file-thread.ts", import.meta.url), {
      data: place,
      youngHeapMiB: 96, // stats of files as bigints: half of the time for collections
      // Ends it between two calls, also in a large file; what it wrote there has no name yet.
      ...(signal && { signal }),
    }),
  );
  let next = 0;
  let failure: unknown;
  const work = async (thread: (typeof threads)[number]): Promise<void> => {
    while (failure === undefined && next < batches.length) {
      const at = next++;
      try {
        throwIfCancelled(signal);
        results[at] = await thread.ask(batches[at]!.map(({ task }) => task));
        advance(batches[at]!);
      } catch (error) {
        failure ??= error;
      }
    }
  };
  await Promise.all(threads.map(work));
  await Promise.all(threads.map((thread) => thread.close()));
  throwIfCancelled(signal);
  if (failure !== undefined) throw failure;
  return results.flat();
}

function batchesOf(tasks: readonly SizedTask[]): readonly (readonly SizedTask[])[] {
  const batches: SizedTask[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const task of tasks) {
    if (bytes + task.sizeBytes > batchBytes || batches.at(-1)!.length === batchFiles) {
      batches.push([]);
      bytes = 0;
    }
    batches.at(-1)!.push(task);
    bytes += task.sizeBytes;
  }
  return batches;
}
