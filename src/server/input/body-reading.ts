/**
 * Bodies become requests without holding the event loop: small ones at once, larger ones in
 * threads.
 */
import type { Urgency } from "../../predict/batcher.ts";
import {
  type BodyKind,
  type BodyOptions,
  type BodyTask,
  bodyReaders,
  ownBytes,
  type ReadBody,
} from "./body-readers.ts";
import { createBodyThread } from "./body-thread.ts";

export interface BodyReading {
  /**
   * Reads a body, which is not to be used afterwards. Errors: REQUEST_INVALID, REQUEST_TOO_LARGE;
   * for large ones DEADLINE_EXCEEDED and CLIENT_GONE too.
   */
  read<Kind extends BodyKind>(
    kind: Kind,
    bytes: Uint8Array,
    options: BodyOptions<Kind>,
    urgency: Urgency,
  ): Promise<ReadBody<Kind>>;
  close(): Promise<void>;
}

/** Parsed in less time than a thread takes to answer, or nearly so: the worst ones in about 10 ms. */
const immediateBytes = 2 ** 16;
/** These have a thread of their own, so that they need not wait for the largest ones: up to 0.1 s. */
const quickBytes = 2 ** 20;

/** `now` is the clock of deadlines, in milliseconds. */
export function createBodyReading(now: () => number): BodyReading {
  const quick = createBodyThread(now);
  const slow = createBodyThread(now);
  return {
    async read(kind, bytes, options, urgency) {
      const reader = bodyReaders[kind];
      const size = reader.parsedBytes(bytes, options);
      if (size <= immediateBytes) return reader.read(bytes, options);
      const task = { kind, bytes: ownBytes(bytes), options } as BodyTask; // one kind with its own options
      const thread = size <= quickBytes ? quick : slow;
      return (await thread.read(task, urgency)) as ReadBody<typeof kind>; // what the reader of this kind gave
    },
    async close() {
      await Promise.all([quick.close(), slow.close()]);
    },
  };
}
