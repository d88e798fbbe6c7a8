/** Late labels in bulk: what pictures of a prediction log really are, from a file. */
import { throwIfCancelled } from "../base/cancel.ts";
import { AppError } from "../base/errors.ts";
import { openRegularFile } from "../base/files/regular-file.ts";
import { type Progress, silentProgress } from "../base/progress.ts";
import { counted } from "../base/quantity.ts";
import { quoted, quotedList, readLabel } from "../dataset/sources/label.ts";
import { answeredOf, labelsOf } from "../prediction-log/label-check.ts";
import type { LoggedModel, PredictionLog, PredictionSummary } from "../prediction-log/prediction-log.ts";
import { createRowIds } from "../prediction-log/row-ids.ts";
import { type LabelFault, type LabelRow, readLabelRows } from "./label-rows.ts";
import { type StagedLabel, StagedLabels } from "./staged-labels.ts";

export interface LabelPredictionsOptions {
  /** Pass over lines that cannot be used, instead of writing nothing. */
  readonly skipInvalid?: boolean;
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
}

export interface LabelReport {
  /** Below the header, empty ones left out. */
  readonly lines: number;
  /** Labels that the log did not have. */
  readonly added: number;
  /** Pictures of which the log's latest label is the same. */
  readonly unchanged: number;
  /** Lines that say once more what another one says. */
  readonly repeated: number;
  /** Lines without a label. */
  readonly empty: number;
  /** Lines that were passed over, the first thousand with their reasons. */
  readonly invalid: number;
  readonly faults: readonly LabelFault[];
}

/** Lines that are looked up together. */
const batchLines = 500;
const keptFaults = 1000;
const shownFaults = 10;

/**
 * Reads `request_id,label[,position]` of a CSV file, holds every line against the log, and writes what
 * is new as feedback: all or, with a line that cannot be used, nothing, unless `skipInvalid`. Of lines
 * that contradict each other none is believed. An interrupted writing goes on when it is called again:
 * what is written is unchanged then. Memory does not grow with the number of lines.
 * Errors: LABELS_INVALID; FILE_NOT_FOUND, FILE_READ_FAILED; MANIFEST_INVALID for a file that is no
 * text; PREDICTION_LOG_UNAVAILABLE; INTERRUPTED.
 */
export async function labelPredictions(
  file: string,
  log: Pick<PredictionLog, "models" | "summaries" | "addFeedback">,
  options: LabelPredictionsOptions = {},
): Promise<LabelReport> {
  const { skipInvalid = false, progress = silentProgress, signal } = options;
  const staged = await StagedLabels.open();
  try {
    const checking = new Checking(log, await log.models(), staged);
    await checkFile(file, checking, progress, signal);
    const { invalid } = checking;
    const faults = checking.faults.toSorted((one, other) => one.line - other.line);
    if (invalid > 0 && !skipInvalid) throw unusable(invalid, faults, file);
    const [added, unchanged] = [staged.count("new"), staged.count("unchanged")];
    await writeAll(staged, added, log, progress, signal);
    const { lines, repeated, empty } = checking;
    return { lines, added, unchanged, repeated, empty, invalid, faults };
  } finally {
    await staged.close();
  }
}

async function checkFile(
  file: string,
  checking: Checking,
  progress: Progress,
  signal: AbortSignal | undefined,
): Promise<void> {
  const handle = await openRegularFile(file);
  const task = progress.start({ label: "check labels", unit: "lines" });
  try {
    let batch: (LabelRow | LabelFault)[] = [];
    const check = async (): Promise<void> => {
      throwIfCancelled(signal);
      await checking.check(batch);
      task.advance(batch.length);
      batch = [];
    };
    for await (const row of readLabelRows(handle, file)) if (batch.push(row) === batchLines) await check();
    await check();
    task.done();
  } catch (error) {
    task.fail();
    throw error;
  } finally {
    await handle.close();
  }
}

async function writeAll(
  staged: StagedLabels,
  total: number,
  log: Pick<PredictionLog, "addFeedback">,
  progress: Progress,
  signal: AbortSignal | undefined,
): Promise<void> {
  const nextId = createRowIds();
  const task = progress.start({ label: "write labels", total, unit: "labels" });
  try {
    for (const page of staged.pages()) {
      throwIfCancelled(signal);
      await log.addFeedback(page.map(({ line: _, ...label }) => ({ feedbackId: nextId(), ...label })));
      task.advance(page.length);
    }
    task.done();
  } catch (error) {
    task.fail();
    throw error;
  }
}

/** Holds lines against the log, and counts what becomes of them. */
class Checking {
  lines = 0;
  repeated = 0;
  empty = 0;
  invalid = 0;
  readonly faults: LabelFault[] = [];
  readonly #log: Pick<PredictionLog, "summaries">;
  readonly #models: readonly LoggedModel[];
  readonly #staged: StagedLabels;
  readonly #labels = new Map<string, Set<string>>();

  constructor(log: Pick<PredictionLog, "summaries">, models: readonly LoggedModel[], staged: StagedLabels) {
    this.#log = log;
    this.#models = models;
    this.#staged = staged;
  }

  async check(batch: readonly (LabelRow | LabelFault)[]): Promise<void> {
    this.lines += batch.length;
    const ids = new Set(batch.flatMap((row) => ("fault" in row || row.label === "" ? [] : [row.requestId])));
    const answers = new Map<string, PredictionSummary[]>();
    for (const answer of await this.#log.summaries([...ids])) {
      const picture = pictureOf(answer);
      const beside = answers.get(picture);
      if (beside === undefined) answers.set(picture, [answer]);
      else beside.push(answer);
    }
    for (const row of batch) {
      if ("fault" in row) this.#refuse(row);
      else if (row.label === "") this.empty++;
      else {
        const checked = this.#checkRow(row, answeredOf(answers.get(pictureOf(row)) ?? []));
        if ("fault" in checked) this.#refuse(checked);
        else this.#stage(checked);
      }
    }
  }

  #checkRow(row: LabelRow, answer: PredictionSummary | undefined): StagedLabel | LabelFault {
    const { line, requestId, position } = row;
    if (answer === undefined) {
      return { line, fault: `no prediction of request ${quoted(requestId)}, picture ${position}, in the log` };
    }
    const known = this.#labelsOf(answer);
    const plain = readLabel(row.label);
    const label = known.has(row.label) || plain.fault !== undefined ? row.label : plain.label;
    if (!known.has(label)) {
      const names = quotedList([...known], 5);
      return { line, fault: `label ${quoted(label)}, which is none of version ${quoted(answer.version)}: ${names}` };
    }
    if (answer.trueLabel === label) return { line, requestId, position, label, timeMs: undefined };
    // Later than what was said before, whatever the clock says.
    const timeMs = Math.max(Date.now(), (answer.labelledMs ?? 0) + 1);
    return { line, requestId, position, label, timeMs };
  }

  #stage(row: StagedLabel): void {
    const before = this.#staged.add(row);
    if (before === "nothing") return;
    if (before === "the same") {
      this.repeated++;
      return;
    }
    const picture = `request ${quoted(row.requestId)}, picture ${row.position}`;
    const contradicts = (one: typeof before, other: typeof before): void =>
      this.#refuse({
        line: one.line,
        fault: `label ${quoted(one.label)} for ${picture}, but ${quoted(other.label)} in line ${other.line}`,
      });
    if (this.#staged.doubt(before.line)) contradicts(before, row);
    contradicts(row, before);
  }

  #refuse(fault: LabelFault): void {
    this.invalid++;
    if (this.faults.length < keptFaults) this.faults.push({ line: fault.line, fault: fault.fault });
  }

  #labelsOf(answer: PredictionSummary): ReadonlySet<string> {
    const key = JSON.stringify([answer.model, answer.version]);
    const labels = this.#labels.get(key) ?? new Set(labelsOf(answer, this.#models));
    this.#labels.set(key, labels);
    // Where nobody described the version, each of its answers tells more.
    return labels.add(answer.label);
  }
}

function pictureOf({ requestId, position }: Pick<LabelRow, "requestId" | "position">): string {
  return `${position} ${requestId}`;
}

function unusable(invalid: number, faults: readonly LabelFault[], file: string): AppError {
  const shown = faults.slice(0, shownFaults).map(({ line, fault }) => `line ${line}: ${fault}`);
  const more = invalid - shown.length;
  return new AppError("LABELS_INVALID", {
    required: "labels of which every line can be used",
    received: `${counted(invalid, "faulty line")}: ${shown.join("; ")}${more > 0 ? `; and ${more} more` : ""}`,
    where: file,
    hint: "nothing was written: mend the lines, or give `skipInvalid` to pass over them",
  });
}
