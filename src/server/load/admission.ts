/** Load shedding: refuses work that cannot be done in time, before it begins. */
import { AppError } from "../../base/errors.ts";
import { retryAfterSeconds } from "../../predict/gate.ts";

export interface AdmissionOptions {
  /** Pictures that may be under way at once. */
  readonly limit: number;
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
}

/** The pictures of a request. */
export interface Load {
  readonly pictures: number;
  /** How many of them are heavy, as `DecodeCost` says; none unless given. */
  readonly heavy?: number;
  /**
   * How much work they are, in any unit: 1 for a small picture. 0 for work that does not stand in
   * the way of others, and that others do not stand in the way of.
   */
  readonly work: number;
}

export interface Admission {
  /**
   * Admits pictures. Errors: OVERLOADED where they exceed `limit`, the heavy ones a quarter of it, or where the work before them
   * would, at the present pace, take until after `deadline` (by the clock `now`).
   */
  enter(load: Load, deadline: number): void;
  /** Refuses where `enter` would refuse one small picture; admits nothing. Errors: OVERLOADED. */
  requireRoom(deadline: number): void;
  /**
   * Takes pictures out again. Of those that were not answered only the time counts for the pace.
   */
  leave(load: Load, isAnswered: boolean): void;
  /** Pictures under way. */
  readonly pending: number;
  /** Milliseconds for each unit of work of late, while others wait; 0 before the first measurement. */
  readonly pace: number;
}

/** What heavy pictures may have of the limit: few of them are decoded at once, so that they would fill it. */
const heavyShare = 1 / 4;
/** Pictures per measurement: answers come in bursts, one for each batch. */
const windowPictures = 16;
/** A later measurement ends after this time, too: few answers are no reason to believe an old pace. */
const windowMsAtMost = 2000;
/** Weight of the newest window in the moving average. */
const weightOfNewest = 0.4;
/** A pause of the whole process says little of the next pictures: windows are capped at this multiple. */
const largestStep = 4;

/** The pace is measured from one answer to the next, while others wait. */
export function createAdmission({ limit, now }: AdmissionOptions): Admission {
  let pending = 0;
  let pendingHeavy = 0;
  let pendingWork = 0;
  let lastLeave = 0;
  let pace = 0;
  let window = { ms: 0, pictures: 0, work: 0 };
  const requireRoomFor = ({ pictures, work, heavy = 0 }: Load, deadline: number): void => {
    if (pending === 0) return;
    const heavyLimit = Math.max(1, Math.floor(limit * heavyShare));
    if (heavy > 0 && pendingHeavy > 0 && pendingHeavy + heavy > heavyLimit) throw fullOfHeavy(pendingHeavy, heavyLimit);
    const waitMs = pendingWork * pace;
    const isTooLate = work > 0 && now() + waitMs > deadline;
    if (pending + pictures > limit || isTooLate) throw overloaded(pending, limit, waitMs);
  };
  return {
    enter(load, deadline) {
      requireRoomFor(load, deadline);
      if (pendingWork === 0) lastLeave = now();
      pending += load.pictures;
      pendingHeavy += load.heavy ?? 0;
      pendingWork += load.work;
    },
    requireRoom: (deadline) => requireRoomFor(smallest, deadline),
    leave({ pictures, work, heavy = 0 }, isAnswered) {
      pending -= pictures;
      pendingHeavy -= heavy;
      // Fractions of units would not add up to 0 again.
      pendingWork = pending === 0 ? 0 : Math.max(0, pendingWork - work);
      if (!isAnswered || work === 0) return;
      const time = now();
      window.ms += time - lastLeave;
      window.pictures += pictures;
      window.work += work;
      lastLeave = time;
      const isLong = pace > 0 && window.ms >= windowMsAtMost;
      if (window.pictures < windowPictures && !isLong) return;
      const sample = window.ms / window.work;
      pace = pace === 0 ? sample : pace + weightOfNewest * (Math.min(sample, largestStep * pace) - pace);
      window = { ms: 0, pictures: 0, work: 0 };
    },
    get pending() {
      return pending;
    },
    get pace() {
      return pace;
    },
  };
}

const smallest: Load = { pictures: 1, work: 1 };

function overloaded(pending: number, limit: number, waitMs: number): AppError {
  return new AppError("OVERLOADED", {
    required: `at most ${limit} pictures at once, all answered within their deadlines`,
    received: `one more while ${pending} wait, about ${Math.ceil(waitMs)} ms of work`,
    retryAfterSeconds: retryAfterSeconds(waitMs),
  });
}

function fullOfHeavy(pending: number, limit: number): AppError {
  return new AppError("OVERLOADED", {
    required: `at most ${limit} pictures at once that are slow to decode`,
    received: `more of them while ${pending} wait`,
    hint: "send them later, smaller, or as baseline JPEG",
    retryAfterSeconds: 1,
  });
}
