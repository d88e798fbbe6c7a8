/** Watches the champion's answers for drift: each window of them is tested beside the answering. */
import type { Logger } from "../../base/logger.ts";
import type { ReferenceProfile } from "../../bundle/reference-profile.ts";
import type { LoggedPrediction } from "../../prediction-log/prediction-log.ts";
import type { ServedModel } from "../serving/served-model.ts";

/** What a test says of a window. */
export interface DriftVerdict {
  readonly hasDrifted: boolean;
  /** What of the answers has drifted. */
  readonly kind: string;
  /** In plain words. */
  readonly summary: string;
  readonly tests: readonly { readonly name: string; readonly statistic: number; readonly threshold: number }[];
  readonly accuracy:
    | { readonly isKnown: true; readonly accuracy: number }
    | { readonly isKnown: false; readonly reason: string };
}

/** The port of what tests a window, elsewhere than in this thread. */
export interface DriftTester {
  test(
    model: {
      readonly version: string;
      readonly labels: readonly string[];
      readonly reference: ReferenceProfile;
    },
    rows: readonly LoggedPrediction[],
  ): Promise<DriftVerdict>;
  /** Ends a test under way, which then fails. */
  close(): Promise<void>;
}

export interface DriftWatchOptions {
  readonly tester: DriftTester;
  readonly champion: () => ServedModel | undefined;
  /** Answers in a window. */
  readonly window: number;
  /** At most one window begins in this time, so that a busy service seldom has a false alarm. */
  readonly gapMs: number;
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number;
  readonly onTested: (version: string, verdict: DriftVerdict) => void;
  readonly logger: Logger;
}

export interface DriftWatch {
  /** Rows with the statistics of their pictures. */
  add(rows: readonly LoggedPrediction[]): void;
  close(): Promise<void>;
}

/**
 * Windows do not overlap. While one is tested the next fills; what comes when that is full, too, or
 * before one may begin, is in no window, and neither is an answer to a picture that was not measured.
 */
export function createDriftWatch(options: DriftWatchOptions): DriftWatch {
  const { tester, champion, window, gapMs, now, onTested, logger } = options;
  /** The version that the window is of. */
  let version: string | undefined;
  let gathered: LoggedPrediction[] = [];
  /** When a window may begin. */
  let nextAt = Number.NEGATIVE_INFINITY;
  let underWay: Promise<void> | undefined;
  let hasDrifted = false;
  /** Versions of which it was said that they cannot be tested: the last one. */
  let untested: string | undefined;
  let isClosed = false;

  const giveUp = (reason: string): void => {
    if (untested !== version) logger.warn("answers are not tested for drift", { version, reason });
    untested = version;
  };

  const follow = (model: ServedModel): void => {
    if (model.version === version) return;
    version = model.version;
    gathered = [];
    nextAt = Number.NEGATIVE_INFINITY;
    hasDrifted = false;
    if (model.info.reference === undefined)
      giveUp(
        "the bundle has no reference: make one with pawprint monitor reference MODEL --data SOURCE --out NEW.onnx",
      );
  };

  const say = (of: string, { hasDrifted: isDrift, kind, summary }: DriftVerdict): void => {
    if (isDrift !== hasDrifted) {
      const message = isDrift ? "the answers drift from the reference" : "the answers no longer drift";
      logger.warn(message, { version: of, window, kind, summary });
    }
    hasDrifted = isDrift;
  };

  const test = async (model: ServedModel, reference: ReferenceProfile): Promise<void> => {
    const rows = gathered;
    gathered = [];
    const { labels } = model.info;
    try {
      const verdict = await tester.test({ version: model.version, labels, reference }, rows);
      // Another model may serve by now, and start without a verdict.
      if (model.version !== version || isClosed) return;
      onTested(model.version, verdict);
      say(model.version, verdict);
    } catch (error) {
      if (!isClosed && model.version === version) giveUp(error instanceof Error ? error.message : String(error));
    }
  };

  const testFull = (): void => {
    const model = champion();
    const reference = model?.info.reference;
    if (model?.version !== version || reference === undefined || gathered.length < window) return;
    if (underWay !== undefined || isClosed) return;
    underWay = test(model!, reference).finally(() => {
      underWay = undefined;
      testFull();
    });
  };

  const gather = (row: LoggedPrediction): void => {
    if (row.version !== version || row.role !== "champion" || row.statistics === undefined) return;
    if (gathered.length === window) return;
    if (gathered.length === 0) {
      const time = now();
      if (time < nextAt) return;
      nextAt = time + gapMs;
    }
    gathered.push(row);
    if (gathered.length === window) testFull();
  };

  return {
    add(rows) {
      const model = champion();
      if (model === undefined) return;
      follow(model);
      if (model.info.reference === undefined) return;
      for (const row of rows) gather(row);
    },
    async close() {
      isClosed = true;
      await tester.close();
      await underWay;
    },
  };
}
