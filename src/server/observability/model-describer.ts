/** Tells the prediction log what the models are whose answers it gets, and knows those that it was told of before. */
import { toAppError } from "../../base/errors.ts";
import type { Logger } from "../../base/logger.ts";
import type { LoggedModel, LoggedPrediction, ServiceLog } from "../../prediction-log/prediction-log.ts";
import type { ServedModel } from "../serving/served-model.ts";

export interface ModelDescriber {
  /** Called with every answer; the first one of a model describes it, in the background. */
  note(model: Pick<ServedModel, "name" | "version" | "info">): void;
  /** Tries once to write what is not described yet, whatever failed before. Never fails. */
  flush(): Promise<void>;
  /** Models that wait for a store that is away, and those in it. Errors: PREDICTION_LOG_UNAVAILABLE, BUNDLE_INVALID. */
  modelsWith(prediction: Pick<LoggedPrediction, "model" | "version">): Promise<readonly DescribedLabels[]>;
}

type DescribedLabels = Pick<LoggedModel, "model" | "version" | "labels">;

export interface ModelDescriberOptions {
  readonly log: Pick<ServiceLog, "describeModel" | "models" | "location">;
  readonly logger: Logger;
  /** Milliseconds of a clock that does not jump. */
  readonly now: () => number;
}

/** Between two attempts while the store fails. */
const pauseMs = 5000;

export function createModelDescriber({ log, logger, now }: ModelDescriberOptions): ModelDescriber {
  const noted = new Set<string>();
  const waiting = new Map<string, LoggedModel>();
  /** Of the store, without the references: they may be large. */
  let stored: readonly DescribedLabels[] = [];
  let failedAt: number | undefined;
  let pass: Promise<void> | undefined;

  const writeAll = async (): Promise<void> => {
    for (const [key, model] of waiting) {
      try {
        await log.describeModel(model);
        waiting.delete(key);
        failedAt = undefined;
      } catch (error) {
        if (failedAt === undefined) logger.warn(`a model waits for its log: ${toAppError(error).message}`);
        failedAt = now();
        return;
      }
    }
  };
  const flush = (): Promise<void> => {
    pass ??= writeAll().finally(() => {
      pass = undefined;
    });
    return pass;
  };

  return {
    note({ name: model, version, info: { labels, reference } }) {
      const key = JSON.stringify([model, version]);
      if (!noted.has(key)) {
        noted.add(key);
        waiting.set(key, { model, version, labels, ...(reference && { reference }), timeMs: Date.now() });
      } else if (waiting.size === 0 || (failedAt !== undefined && now() - failedAt < pauseMs)) return;
      void flush();
    },
    flush,
    async modelsWith({ model, version }) {
      const isKnown = (one: DescribedLabels): boolean => one.model === model && one.version === version;
      if (!stored.some(isKnown) && ![...waiting.values()].some(isKnown)) {
        stored = (await log.models()).map((one) => ({ model: one.model, version: one.version, labels: one.labels }));
      }
      return [...waiting.values(), ...stored];
    },
  };
}
