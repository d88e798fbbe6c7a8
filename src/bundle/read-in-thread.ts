/** Reads bundles off the event loop, for a service that goes on answering meanwhile. */
import { AppError } from "../base/errors.ts";
import { openThread } from "../base/threads/thread.ts";
import type { EncodedModel } from "../runtime/executor.ts";
import type { BundleInfo } from "./bundle.ts";
import type { BundleOptions, ParityQuestion } from "./load-bundle.ts";

export interface BundleToRead extends BundleOptions {
  /** In memory of their own, which goes to the thread. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly where: string;
}

/** All that is made of a bundle before an engine sees it. */
export interface BundleReading {
  readonly info: BundleInfo;
  readonly model: EncodedModel;
  readonly questions: readonly ParityQuestion[];
  /** The bundle's own, back again. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly sha256: string;
}

/** A model at `modelLimits` needs about 200 MB; its weights do not count. */
const heapMiB = 1024;

/**
 * What `readBundle` gives, with the model as an engine takes it. `signal` ends the reading.
 * Errors: MODEL_UNREADABLE, BUNDLE_INVALID.
 */
export async function readBundleInThread(bundle: BundleToRead, signal?: AbortSignal): Promise<BundleReading> {
  const { bytes, where, embedding = false } = bundle;
  const entry = new URL("./read-thread.ts", import.meta.url);
  const thread = openThread<BundleToRead, BundleReading>(entry, { signal, heapMiB });
  try {
    return await thread.ask({ bytes, where, embedding }, [bytes.buffer]);
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw new AppError("BUNDLE_INVALID", {
      required: "a bundle that can be read",
      received: error instanceof Error ? error.message : String(error),
      where,
      cause: error,
    });
  } finally {
    void thread.close();
  }
}
