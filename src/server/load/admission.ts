/**
 * Decides before work begins whether it can still be done in time, so that a queue never grows
 * without bound.
 */
import { AppError } from "../../base/errors.ts";

export interface AdmissionOptions {
  /** Pictures that may be under way at once. */
  readonly limit: number;
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
}

export interface Admission {
  /**
   * Lets `count` pictures in. Errors: OVERLOADED where as many are under way, or where those would,
   * at the pace of late, take until after `deadline` (by the clock `now`).
   */
  enter(count: number, deadline: number): void;
  /** Refuses where `enter` would refuse one picture; admits nothing. Errors: OVERLOADED. */
  requireRoom(deadline: number): void;
  /**
   * Pictures that leave. Those that were answered tell the pace; those that were dropped took no
   * time of their own.
   */
  leave(count: number, isAnswered: boolean): void;
  /** Pictures under way. */
  readonly pending: number;
  /**
   * Milliseconds a picture takes of late while there is always another one; 0 until any was
   * measured.
   */
  readonly msPerPicture: number;
}

/** Pictures whose time is taken together: answers come in bursts, one for each batch. */
const windowPictures = 16;
/** How much the newest window counts in the pace. */
const weightOfNewest = 0.4;
/**
 * A pause of the whole process says little of the next pictures: no window counts for more than
 * this many usual ones.
 */
const largestStep = 4;

/**
 * The pace is measured where it matters: from one leaving to the next, while there is always
 * another one.
 */
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

/** Seconds after which it is worth to come again: what is waiting now is then done. */
export function retryAfterSeconds(waitMs: number): number {
  return Math.min(60, Math.max(1, Math.ceil(waitMs / 1000)));
}

function overloaded(pending: number, limit: number, waitMs: number): AppError {
  return new AppError("OVERLOADED", {
    required: `at most ${limit} pictures at once, each answered within its deadline`,
    received: `one more while ${pending} wait, some ${Math.ceil(waitMs)} ms of work`,
    retryAfterSeconds: retryAfterSeconds(waitMs),
  });
}
