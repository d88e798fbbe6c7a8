/** The port through which long work says how far it is; adapters draw bars or write lines. */

export interface ProgressTask {
  /** What is being done: "decode", "epoch 3/10". */
  readonly label: string;
  /** How many units there are in all; left out where that is not known. */
  readonly total?: number;
  /** What is counted, in the plural: "images", "batches"; "B" for bytes. */
  readonly unit: string;
}

/** One task under way. Exactly one of `done` and `fail` ends it; calls after that do nothing. */
export interface ProgressHandle {
  /**
   * `count` more units are finished (default 1); `info` is a short note that replaces the one
   * before ("loss 0.31").
   */
  advance(count?: number, info?: string): void;
  done(info?: string): void;
  fail(info?: string): void;
}

/** Where long work reports how far it has come. */
export interface Progress {
  start(task: ProgressTask): ProgressHandle;
}

const nothing = (): void => {};

/** Shows nothing; the default of library calls. */
export const silentProgress: Progress = {
  start: () => ({ advance: nothing, done: nothing, fail: nothing }),
};
