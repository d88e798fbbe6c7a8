/** Load shedding: refuses work that cannot be done in time, before it begins. */
import { AppError } from "../../base/errors.ts";

export interface AdmissionOptions {
  /** Pictures that may be under way at once. */
  readonly limit: number;
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
}

export interface Admission {
  /**
   * Admits `count` pictures. Errors: OVERLOADED where that exceeds `limit`, or where those before
   * them would, at the present pace, take until after `deadline` (by the clock `now`).
   */
  enter(count: number, deadline: number): void;
  /** Refuses where `enter` would refuse one picture; admits nothing. Errors: OVERLOADED. */
  requireRoom(deadline: number): void;
  /**
   * Takes `count` pictures out again. Only those that were answered count for the pace.
   */
  leave(count: number, isAnswered: boolean): void;
  /** Pictures under way. */
  readonly pending: number;
  /**
   * Milliseconds per picture of late, while others wait; 0 before the first measurement.
   */
  readonly msPerPicture: number;
}

/** Pictures per measurement: answers come in bursts, one for each batch. */
const windowPictures = 16;
/** Weight of the newest window in the moving average. */
const weightOfNewest = 0.4;
/** A pause of the whole process says little of the next pictures: windows are capped at this multiple. */
const largestStep = 4;

/** The pace is measured from one answer to the next, while others wait. */
export function createAdmission({ limit, now }: AdmissionOptions): Admission {
  let pending = 0;
  let lastLeave = 0;
  let pace = 0;
  let windowMs = 0;
  let windowCount = 0;
  const requireRoomFor = (count: number, deadline: number): void => {
    const waitMs = pending * pace;
    const isTooLate = now() + waitMs > deadline;
    if (pending > 0 && (pending + count > limit || isTooLate)) throw overloaded(pending, limit, waitMs);
  };
  return {
    enter(count, deadline) {
      requireRoomFor(count, deadline);
      if (pending === 0) lastLeave = now();
      pending += count;
    },
    requireRoom: (deadline) => requireRoomFor(1, deadline),
    leave(count, isAnswered) {
      pending -= count;
      if (!isAnswered) return;
      const time = now();
      windowMs += time - lastLeave;
      windowCount += count;
      lastLeave = time;
      if (windowCount < windowPictures) return;
      const sample = windowMs / windowCount;
      pace = pace === 0 ? sample : pace + weightOfNewest * (Math.min(sample, largestStep * pace) - pace);
      [windowMs, windowCount] = [0, 0];
    },
    get pending() {
      return pending;
    },
    get msPerPicture() {
      return pace;
    },
  };
}

/** Seconds until the work that waits now is done, from 1 to 60. */
export function retryAfterSeconds(waitMs: number): number {
  return Math.min(60, Math.max(1, Math.ceil(waitMs / 1000)));
}

function overloaded(pending: number, limit: number, waitMs: number): AppError {
  return new AppError("OVERLOADED", {
    required: `at most ${limit} pictures at once, all answered within their deadlines`,
    received: `one more while ${pending} wait, about ${Math.ceil(waitMs)} ms of work`,
    retryAfterSeconds: retryAfterSeconds(waitMs),
  });
}
