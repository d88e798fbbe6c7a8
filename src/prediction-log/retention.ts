/** Removes predictions that have been kept for long enough, by a clock that can be believed. */
import { toAppError } from "../base/errors.ts";
import type { Logger } from "../base/logger.ts";
import type { ServiceLog } from "./prediction-log.ts";

export interface RetentionOptions {
  readonly log: Pick<ServiceLog, "removeBefore">;
  readonly days: number;
  readonly logger: Logger;
  /** Milliseconds since 1970; may jump. */
  readonly clock: () => number;
  /** Milliseconds of a clock that does not. */
  readonly now: () => number;
}

export interface Retention {
  /** Removes what is too old, where the clock is believed; called about once an hour. */
  clean(): Promise<void>;
}

const dayMs = 24 * 3_600_000;
/** For so long a clock must have gone on evenly: one that is years ahead would remove everything. */
const believedAfterMs = 6 * 3_600_000;
/** By which two clocks may drift apart between two looks. */
const toleranceMs = 60_000;

/**
 * A clock that was set wrong, at the start or later, and is corrected within six hours removes
 * nothing: only one that went on as the monotonic clock did, for as long, is believed.
 */
export function createRetention({ log, days, logger, clock, now }: RetentionOptions): Retention {
  let offset = clock() - now();
  let evenSince = now();
  return {
    async clean() {
      const drift = clock() - now() - offset;
      offset += drift;
      if (Math.abs(drift) > toleranceMs) {
        evenSince = now();
        logger.warn("the clock was changed: old predictions stay for six more hours", {
          seconds: Math.round(drift / 1000),
        });
      }
      if (now() - evenSince < believedAfterMs) return;
      try {
        await log.removeBefore(clock() - days * dayMs);
      } catch (error) {
        logger.warn("old predictions could not be removed from their log", { error: toAppError(error).message });
      }
    },
  };
}
