/** Predictions for every picture of a source, labelled or not, as one file that is complete or absent. */
import { createHash } from "node:crypto";
import { dirname, resolve } from "node:path";
import { throwIfCancelled } from "../../base/cancel.ts";
import { AppError } from "../../base/errors.ts";
import { ensureFolder } from "../../base/files/atomic-file.ts";
import { readBytes } from "../../base/files/read-file.ts";
import { sha256 } from "../../base/hash.ts";
import { withLock } from "../../base/locks/lock-file.ts";
import { type Logger, silentLogger } from "../../base/logger.ts";
import { type Progress, silentProgress } from "../../base/progress.ts";
import { type BundleInput, loadBundle } from "../../bundle/load-bundle.ts";
import { openPictures } from "../../dataset/sources/open-source.ts";
import type { Source } from "../../dataset/sources/source.ts";
import type { SourceOptions } from "../../dataset/sources/source-options.ts";
import type { Executor } from "../../runtime/executor.ts";
import { isS3Address } from "../../storage/s3-address.ts";
import { type BatchIdentity, BatchJournal, exists } from "./batch-journal.ts";
import { type BatchOutput, nameOfShard, openOutput, outputExists } from "./batch-output.ts";
import { itemsOf, predictRows } from "./predict-rows.ts";
import { type BatchFormat, encodeRows, formatOf } from "./row-formats.ts";
import { type PictureRange, rangeOf, requireShard, type Shard } from "./shard.ts";

export interface BatchPredictOptions {
  readonly model: BundleInput;
  /** A folder, an archive, a manifest, `s3://BUCKET/PREFIX`, a version of tracked data. */
  readonly source: string;
  /** The file or the object `s3://BUCKET/KEY` that is written. With `shard` its name gets the shard. */
  readonly out: string;
  /** By the end of `out` unless given. */
  readonly format?: BatchFormat;
  /** How the source is read. */
  readonly reading?: Omit<SourceOptions, "layout">;
  /** One part of the source; all of it unless given. */
  readonly shard?: Shard;
  /** Go on with unfinished rows where there are some. */
  readonly resume?: boolean;
  /** Replace an output that exists, and, without `resume`, unfinished rows. */
  readonly force?: boolean;
  /** File of unfinished rows; `out` with `.partial` unless given, for an object below `.pawprint/batch`. */
  readonly state?: string;
  /** Pictures that go through the graph at once. Default 32. */
  readonly batchSize?: number;
  /** Where relative paths start; the process's folder unless given. */
  readonly cwd?: string;
  readonly executor: Executor;
  readonly signal?: AbortSignal;
  readonly progress?: Progress;
  readonly logger?: Logger;
}

export interface BatchReport {
  /** What was written: a path or an address. */
  readonly out: string;
  readonly format: BatchFormat;
  /** Rows of the output: pictures of the source, or of its shard. */
  readonly pictures: number;
  /** How many of them have an error in place of a prediction. */
  readonly failed: number;
  /** How many were there from an earlier call. */
  readonly resumed: number;
  readonly durationMs: number;
}

/**
 * Writes one row for each picture that the source found, in its order: id, label, confidence,
 * probabilities, or the error. Rows are kept in the file of unfinished rows until all are there; after a
 * kill or a power cut `resume` goes on behind the last whole batch. All shards together have the rows
 * that one call without them writes, number for number.
 *
 * Errors: CONFIG_INVALID, FILE_EXISTS, FILE_WRITE_FAILED; LOCKED where another process writes the same
 * output; BATCH_MISMATCH for unfinished rows of another model, source or settings; those of `openPictures` and
 * `loadBundle`; SOURCE_CHANGED, ARCHIVE_CORRUPT, STORE_FAILED, EXECUTION_FAILED, INTERRUPTED.
 */
export async function batchPredict(options: BatchPredictOptions): Promise<BatchReport> {
  const { cwd = process.cwd(), shard, signal } = options;
  if (shard !== undefined) requireShard(shard);
  const format = options.format ?? formatOf(options.out);
  const output = await openOutput(nameOfShard(options.out, shard), cwd);
  try {
    const state = options.state === undefined ? output.statePath : resolve(cwd, options.state);
    await ensureFolder(dirname(state));
    const lock = { what: "pawprint batch", ...(signal && { signal }) };
    return await withLock(`${state}.lock`, () => predictInto(output, state, format, { ...options, cwd }), lock);
  } finally {
    await output.close();
  }
}

type Located = BatchPredictOptions & { readonly cwd: string };

async function predictInto(
  output: BatchOutput,
  state: string,
  format: BatchFormat,
  options: Located,
): Promise<BatchReport> {
  const startMs = performance.now();
  const { resume = false, force = false, batchSize = 32, shard = { index: 0, count: 1 }, signal } = options;
  const hasState = await exists(state);
  const isWritten = await output.exists();
  if (isWritten && !force && !(resume && hasState)) throw outputExists(output.location);
  if (hasState && !resume && !force) throw stateExists(state);
  const model = await readModel(options.model, options.cwd);
  const source = await openPictures(locationOf(options), readingOf(options));
  try {
    const bundle = await loadBundle(model, options.executor);
    try {
      const listed = await listSource(source, signal);
      const range = rangeOf(shard, listed.pictures, batchSize);
      const identity: BatchIdentity = {
        model: sha256(model.bytes),
        source: listed.hash,
        settings: `shard ${shard.index}/${shard.count}, batch size ${batchSize}`,
      };
      const journal = await BatchJournal.open(state, identity, { resume, batchSize });
      try {
        const resumed = journal.rows;
        // The file of unfinished rows proves that the output is its own where all rows are there.
        if (isWritten && !force && resumed + batchSize <= range.end - range.start) throw outputExists(output.location);
        const rest = { start: range.start + resumed, end: range.end };
        if (resumed > 0) (options.logger ?? silentLogger).info(`${resumed} pictures were predicted before`);
        await fillJournal(
          journal,
          { range: rest, batchSize, predict: (given) => predictRows(bundle, source, given) },
          options,
        );
        await journal.flush();
        let [pictures, failed] = [0, 0];
        const counted = async function* () {
          for await (const row of journal.read()) {
            pictures++;
            if (row.error !== undefined) failed++;
            yield row;
          }
        };
        const chunks = encodeRows(format, counted(), bundle.info.labels);
        await output.write(chunks, { force: force || isWritten, signal });
        await journal.remove();
        return {
          out: output.location,
          format,
          pictures,
          failed,
          resumed,
          durationMs: performance.now() - startMs,
        };
      } catch (error) {
        await journal.close();
        throw error;
      }
    } finally {
      await bundle.close();
    }
  } finally {
    await source.close();
  }
}

interface Filling {
  readonly range: PictureRange;
  readonly batchSize: number;
  predict(options: Parameters<typeof predictRows>[2]): Promise<void>;
}

async function fillJournal(
  journal: BatchJournal,
  { range, batchSize, predict }: Filling,
  { progress = silentProgress, signal }: Located,
): Promise<void> {
  const task = progress.start({ label: "predict", total: range.end - range.start, unit: "pictures" });
  let failed = 0;
  const note = (): string | undefined => (failed > 0 ? `${failed} could not be used` : undefined);
  try {
    await predict({
      range,
      batchSize,
      signal,
      onBatch: async (rows) => {
        await journal.append(rows);
        for (const { error } of rows) if (error !== undefined) failed++;
        task.advance(rows.length, note());
      },
    });
    task.done(note());
  } catch (error) {
    task.fail();
    throw error;
  }
}

/** The number of a source's pictures, and what they are without reading them. */
async function listSource(source: Source, signal: AbortSignal | undefined) {
  const hash = createHash("sha256");
  let pictures = 0;
  for await (const item of itemsOf(source)) {
    if (pictures++ % 1024 === 0) throwIfCancelled(signal);
    const { id, ...facts } = "code" in item ? { id: item.id, fault: item.reason } : { id: item.id, stamp: item.stamp };
    hash.update(`${JSON.stringify([id, facts])}\n`);
  }
  return { pictures, hash: hash.digest("hex") };
}

async function readModel(model: BundleInput, cwd: string) {
  if (!("path" in model)) return model;
  return { bytes: await readBytes(resolve(cwd, model.path)), where: model.path };
}

function locationOf({ source, cwd }: Located): string {
  if (isS3Address(source)) return source;
  return resolve(source) === resolve(cwd, source) ? source : resolve(cwd, source);
}

function readingOf({ reading = {}, cwd }: Located): SourceOptions {
  return { ...reading, ...(reading.root !== undefined && { root: resolve(cwd, reading.root) }) };
}

function stateExists(where: string): AppError {
  return new AppError("FILE_EXISTS", {
    required: "no unfinished predictions",
    received: "a file with some",
    where,
    hint: "give `resume` to go on with them, or `force` to begin again",
  });
}
