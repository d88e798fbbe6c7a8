/**
 * A semaphore for pieces of work with deadlines, some of which are heavy. Those get a part of the
 * slots only, so that others always find one; and a slot that heavy work had while others came
 * rests as long again, so that the others keep three quarters of two cores.
 */
import { AppError } from "../base/errors.ts";
import { clientGone, deadlineExceeded, type Urgency } from "./batcher.ts";

/** What a piece of work is expected to take. */
export interface Weight {
  /** Milliseconds of one slot, estimated. */
  readonly ms: number;
  /** Confined to `heavySlots`, and refused once it could not end in time any more. */
  readonly isHeavy: boolean;
}

export interface GateOptions {
  readonly slots: number;
  /** How many of them heavy work may have; all unless given. */
  readonly heavySlots?: number;
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
}

export interface Gate {
  /**
   * Runs `work` when its turn comes. Heavy work that has begun keeps its slot until it has ended,
   * since a decoder cannot be stopped, but its caller has an answer by its deadline (to 50 ms).
   * Errors: CLIENT_GONE; DEADLINE_EXCEEDED; OVERLOADED for heavy work that waited until it could
   * not end in time any more; what `work` throws.
   */
  pass<T>(urgency: Urgency, work: () => Promise<T>, weight?: Weight): Promise<T>;
  /** Tasks that wait. */
  readonly waiting: number;
}

interface Task {
  readonly urgency: Urgency;
  readonly weight: Weight;
  readonly enqueuedAt: number;
  /** When its turn is: small work that comes a little later goes first. */
  readonly rank: number;
  /** True where no slot was free when it came. */
  hasWaited: boolean;
  startedAt: number | undefined;
  /** Runs it; does not reject. */
  run(): Promise<void>;
  reject(error: unknown): void;
}

const weightless: Weight = { ms: 0, isHeavy: false };
/** How often deadlines are looked at. */
const sweepMs = 50;
/**
 * Work queues as if it had come this many times its length later: among photographs of 40 ms a
 * small picture waits for one, not for all.
 */
const handicap = 10;
/** Heavy work is let past sooner: its slots are few, and others keep theirs. */
const heavyHandicapMs = 250;
/**
 * Heavy work is not refused sooner: callers that ask again at once would send thousands of requests
 * a second, and those cost others more than the work itself.
 */
const patienceMs = 500;
/** Weight of the newest heavy work in the moving average of how long it takes. */
const weightOfNewest = 0.3;
/** Shorter work, heavy by its memory, is lost in what comes with any work. */
const measuredMs = 10;
/** Work that fails at once, or that was mistaken for a small one, says little of the rest. */
const [leastSlowness, mostSlowness] = [0.5, 20];

export function createGate({ slots, heavySlots = slots, now }: GateOptions): Gate {
  const inside = new Set<Task>();
  const queue: Task[] = [];
  /** Slots of heavy work that are taken, or that rest. */
  let heavyTaken = 0;
  let lightStarted = 0;
  /** How long heavy work takes, as a multiple of its estimate. */
  let slowness = 1;
  let sweeper: NodeJS.Timeout | undefined;

  const enter = (task: Task): void => {
    let at = queue.length;
    while (at > 0 && queue[at - 1]!.rank > task.rank) at--;
    queue.splice(at, 0, task);
    sweeper ??= setInterval(sweep, sweepMs).unref();
    startNext();
    task.hasWaited = true;
  };

  const startNext = (): void => {
    for (let at = 0; at < queue.length && inside.size < slots; ) {
      const task = queue[at]!;
      if (task.weight.isHeavy && (heavyTaken >= heavySlots || isHopeless(task))) at++;
      else {
        queue.splice(at, 1);
        if (!drop(task)) void start(task);
      }
    }
  };

  const start = async (task: Task): Promise<void> => {
    const { isHeavy } = task.weight;
    const startedAt = now();
    const lightBefore = lightStarted;
    task.startedAt = startedAt;
    inside.add(task);
    if (isHeavy) heavyTaken++;
    else lightStarted++;
    await task.run();
    inside.delete(task);
    if (isHeavy) endHeavy(task, now() - startedAt, lightStarted > lightBefore);
    startNext();
  };

  const endHeavy = ({ weight }: Task, tookMs: number, wasInTheWay: boolean): void => {
    const ratio = weight.ms < measuredMs ? slowness : tookMs / weight.ms;
    slowness += weightOfNewest * (Math.min(mostSlowness, Math.max(leastSlowness, ratio)) - slowness);
    const free = (): void => {
      heavyTaken--;
      startNext();
    };
    if (wasInTheWay) setTimeout(free, tookMs).unref();
    else free();
  };

  /** Tells the caller of a task that is gone or late; true where it did. */
  const drop = (task: Task): boolean => {
    const { urgency, enqueuedAt, reject } = task;
    if (urgency.isGone) reject(clientGone());
    else if (urgency.deadline <= now()) reject(deadlineExceeded(now() - enqueuedAt));
    else if (isHopeless(task) && now() - enqueuedAt >= patienceMs) reject(heavyOverload(heavyBacklogMs()));
    else return false;
    return true;
  };

  /** True for heavy work that waits, and would end too late if it began now. */
  const isHopeless = ({ weight, urgency, hasWaited, startedAt }: Task): boolean =>
    weight.isHeavy && hasWaited && startedAt === undefined && now() + weight.ms * slowness > urgency.deadline;

  const sweep = (): void => {
    for (const task of inside) if (task.weight.isHeavy) drop(task);
    for (let at = queue.length - 1; at >= 0; at--) if (drop(queue[at]!)) queue.splice(at, 1);
    if (inside.size > 0 || queue.length > 0) return;
    clearInterval(sweeper);
    sweeper = undefined;
  };

  /** Milliseconds until the heavy work that is here will be done. */
  const heavyBacklogMs = (): number => {
    let work = 0;
    for (const { weight } of queue) if (weight.isHeavy) work += weight.ms * slowness;
    for (const { weight, startedAt = now() } of inside) {
      if (weight.isHeavy) work += Math.max(0, weight.ms * slowness - (now() - startedAt));
    }
    return work / heavySlots;
  };

  return {
    pass<T>(urgency: Urgency, work: () => Promise<T>, weight = weightless) {
      const enqueuedAt = now();
      return new Promise<T>((resolve, reject) => {
        enter({
          urgency,
          weight,
          enqueuedAt,
          rank: enqueuedAt + (weight.isHeavy ? heavyHandicapMs : handicap * weight.ms),
          hasWaited: false,
          startedAt: undefined,
          run: async () => {
            try {
              resolve(await work());
            } catch (error) {
              reject(error);
            }
          },
          reject,
        });
      });
    },
    get waiting() {
      return queue.length;
    },
  };
}

function heavyOverload(backlogMs: number): AppError {
  return new AppError("OVERLOADED", {
    required: "large pictures that can be decoded before their deadlines",
    received: `one more behind ${Math.ceil(backlogMs)} ms of work`,
    retryAfterSeconds: retryAfterSeconds(backlogMs),
  });
}

/** Seconds until the work that waits now is done, from 1 to 60. */
export function retryAfterSeconds(waitMs: number): number {
  return Math.min(60, Math.max(1, Math.ceil(waitMs / 1000)));
}
