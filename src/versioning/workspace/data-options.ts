/** Options that the work on data takes everywhere. */
import type { Progress } from "../../base/progress.ts";

export interface DataOptions {
  /** Where relative paths start from; the current folder unless given. */
  readonly folder?: string;
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
}

/** Of work whose targets are data that is tracked. */
export interface TrackedDataOptions extends DataOptions {
  /** `*`, `**`, `?` and `[...]` in targets are patterns for paths of outputs. */
  readonly glob?: boolean;
}
