/** Removes what a service kept of one request, where somebody asks for it. */
import type { KeptPictures } from "../prediction-log/kept-pictures.ts";
import type { PredictionLog } from "../prediction-log/prediction-log.ts";
import type { StoreCallOptions } from "../storage/object-store.ts";

/** What was removed; undefined for a place that was not given. */
export interface ForgottenRequest {
  readonly predictions?: number;
  /** What was said of them, each time counted. */
  readonly feedback?: number;
  readonly pictures?: number;
}

export interface KeptRequests {
  readonly log?: Pick<PredictionLog, "feedbackFor" | "removeRequest"> | undefined;
  readonly pictures?: Pick<KeptPictures, "removeRequest"> | undefined;
}

/**
 * Pictures go first: after a failure it can be called again. A service that runs may still hold an
 * answer of the last moments and write it later.
 * Errors: PREDICTION_LOG_UNAVAILABLE, and those of `KeptPictures`.
 */
export async function forgetRequest(
  requestId: string,
  { log, pictures }: KeptRequests,
  options: StoreCallOptions = {},
): Promise<ForgottenRequest> {
  const removedPictures = await pictures?.removeRequest(requestId, options);
  const feedback = (await log?.feedbackFor(requestId))?.length;
  const predictions = await log?.removeRequest(requestId);
  return {
    ...(predictions !== undefined && { predictions }),
    ...(feedback !== undefined && { feedback }),
    ...(removedPictures !== undefined && { pictures: removedPictures }),
  };
}
