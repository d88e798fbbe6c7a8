/** Tests of windows of answers in a thread of its own: thresholds take seconds to find. */
import { openThread, type Thread } from "../base/threads/thread.ts";
import type { ReferenceProfile } from "../bundle/reference-profile.ts";
import type { LoggedPrediction } from "../prediction-log/prediction-log.ts";
import type { DriftReport } from "./detect-drift.ts";
import type { DriftQuestion } from "./drift-thread.ts";

/** A model whose answers are tested. */
export interface TestedModel {
  readonly version: string;
  readonly labels: readonly string[];
  readonly reference: ReferenceProfile;
}

export interface DriftTester {
  /**
   * Whether the model's answers differ from its reference. One test at a time; thresholds are kept
   * for the model of the test before.
   * Errors: those of `detectDrift`; an Error where the thread failed, which the next test replaces.
   */
  test(model: TestedModel, rows: readonly LoggedPrediction[]): Promise<DriftReport>;
  /** Ends a test under way, which then fails. */
  close(): Promise<void>;
}

/** The thread starts with the first test. */
export function createDriftTester(): DriftTester {
  const ending = new AbortController();
  let thread: Thread<DriftQuestion, DriftReport> | undefined;
  /** The one whose reference the thread has. */
  let version: string | undefined;
  return {
    async test({ labels, reference, ...model }, rows) {
      if (!thread?.isOpen) {
        thread = openThread(new URL("./drift-thread.ts", import.meta.url), { signal: ending.signal });
        version = undefined;
      }
      const isKnown = version === model.version;
      version = model.version;
      return thread.ask({ labels, rows, ...(!isKnown && { reference }) });
    },
    async close() {
      ending.abort();
      await thread?.close();
    },
  };
}
